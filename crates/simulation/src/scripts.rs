//! Short scenes in which one moment decides. By chance alone their parts seldom come in this order.

use crate::{
    dice::Dice,
    plan::{Action, Mail, Process, Shape, Sight, Step, Subjects, Verdict, What},
};

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// A scene from `at_ms` on, about one account; its last entry is where time stands after it.
pub(crate) fn scene(dice: &mut Dice, shape: &Shape, at_ms: u64, account: u8) -> (Vec<Step>, u64) {
    let mut scene = Scene { at_ms, steps: Vec::new() };
    let hold_ms = u64::from(shape.hold_seconds) * SECOND_MS;
    scene.add(Action::Publish { account, what: What::Competitor });
    scene.at_ms += dice.between(2, 6) * SECOND_MS;
    match dice.below(5) {
        0 => scene.stop_at_the_last_moment(dice, hold_ms, account),
        1 => scene.decision_on_its_way_too_long(dice),
        2 => scene.approval_that_waits(hold_ms),
        3 => scene.draft_that_moves(dice, account),
        _ => scene.courier_that_dies(dice, hold_ms),
    }
    (scene.steps, scene.at_ms)
}

struct Scene {
    at_ms: u64,
    steps: Vec<Step>,
}

impl Scene {
    fn add(&mut self, action: Action) {
        self.steps.push(Step { at_ms: self.at_ms, action });
    }

    fn approve(&mut self) {
        self.add(Action::Decide { person: 0, card: 0, verdict: Verdict::Approve, sight: Sight::Fresh });
    }

    /// A customer unsubscribes, or somebody stops the play, about when the courier takes the approval up.
    fn stop_at_the_last_moment(&mut self, dice: &mut Dice, hold_ms: u64, account: u8) {
        self.approve();
        self.at_ms += hold_ms + dice.between(0, 7 * SECOND_MS);
        let stop = if dice.one_in(2) {
            Action::Unsubscribe { account, contact: 0 }
        } else {
            Action::KillSwitch { play: Some(0) }
        };
        self.add(stop);
    }

    /// A decision arrives when its proposal has expired.
    fn decision_on_its_way_too_long(&mut self, dice: &mut Dice) {
        let ms = u32::try_from(dice.between(4 * SECOND_MS, 9 * SECOND_MS)).unwrap_or(6_000);
        self.add(Action::DelayPublish { subjects: Subjects::People, ms });
        self.approve();
        self.at_ms += 300;
        self.add(Action::PassTime { ms: 5 * DAY_MS });
        self.at_ms += 15 * SECOND_MS;
    }

    /// The courier comes back when the approval has run out.
    fn approval_that_waits(&mut self, hold_ms: u64) {
        for replica in [0, 1] {
            let ms = u32::try_from(hold_ms + 25 * SECOND_MS).unwrap_or(30_000);
            self.add(Action::Freeze { process: Process::Courier, replica, ms });
        }
        self.approve();
        self.at_ms += hold_ms + 9 * SECOND_MS;
        self.add(Action::PassTime { ms: 10 * MINUTE_MS });
        self.at_ms += 20 * SECOND_MS;
    }

    /// A page stands open while things move on.
    fn draft_that_moves(&mut self, dice: &mut Dice, account: u8) {
        self.add(Action::Withdraw { person: 0, card: 0 });
        self.at_ms += SECOND_MS;
        self.add(Action::Publish { account, what: What::Revalued { thousands: 90 } });
        self.at_ms += dice.between(2, 6) * SECOND_MS;
        self.add(Action::Decide { person: 0, card: 0, verdict: Verdict::Approve, sight: Sight::Stale });
    }

    /// The courier dies while a slow mail server has its message.
    fn courier_that_dies(&mut self, dice: &mut Dice, hold_ms: u64) {
        self.add(Action::Mail { mail: Mail::Slow { ms: 12_000 }, attempts: 1 });
        self.approve();
        self.at_ms += hold_ms + dice.between(3, 12) * SECOND_MS;
        self.add(Action::Kill { process: Process::Courier, replica: 0 });
    }
}
