//! From a seed to a plan.
//!
//! Swarm testing (Groce and others 2012): every seed leaves a random half of the faults out, since one that happens all
//! the time hides what another needs to show itself. One to three accounts get most of what happens, so that caps,
//! compare-and-sets and stops are contended, and time passes slowly enough for approvals to be sent. What a seed means
//! is fixed: a change here is a change of every seed, so plans that once failed are kept as plans (`seeds.txt`).

use crate::{
    dice::Dice,
    plan::{Action, Agent, Change, Damage, Mail, Plan, Process, Shape, Sight, Step, Subjects, Verdict, What},
    scripts,
};

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

const PROCESSES: [Process; 3] = [Process::Router, Process::Agents, Process::Courier];
const SUBJECTS: [Subjects; 7] = [
    Subjects::In,
    Subjects::LogIn,
    Subjects::Copies,
    Subjects::Gate,
    Subjects::Facts,
    Subjects::People,
    Subjects::Action,
];

/// What can go wrong, by kind. Each seed has some of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    Kills,
    Freezes,
    Replicas,
    Wipes,
    Rollbacks,
    Damage,
    BusAway,
    LostAcks,
    LostMessages,
    LatePublishes,
    Duplicates,
    Clocks,
    Sleeps,
    MailDoubt,
    MailRefusals,
    LateEvents,
    Repeats,
    Nonsense,
    Stops,
    Unsubscribes,
    Policies,
    Replays,
    Together,
    Stale,
    SecondThoughts,
    Comings,
}

const TROUBLES: [Trouble; 26] = [
    Trouble::Kills,
    Trouble::Freezes,
    Trouble::Replicas,
    Trouble::Wipes,
    Trouble::Rollbacks,
    Trouble::Damage,
    Trouble::BusAway,
    Trouble::LostAcks,
    Trouble::LostMessages,
    Trouble::LatePublishes,
    Trouble::Duplicates,
    Trouble::Clocks,
    Trouble::Sleeps,
    Trouble::MailDoubt,
    Trouble::MailRefusals,
    Trouble::LateEvents,
    Trouble::Repeats,
    Trouble::Nonsense,
    Trouble::Stops,
    Trouble::Unsubscribes,
    Trouble::Policies,
    Trouble::Replays,
    Trouble::Together,
    Trouble::Stale,
    Trouble::SecondThoughts,
    Trouble::Comings,
];

/// The plan of a seed.
pub fn plan(seed: u64) -> Plan {
    let mut dice = Dice::new(seed);
    let mut shape_dice = dice.fork(1);
    let shape = shape(&mut shape_dice);
    let mut swarm = dice.fork(2);
    let troubles: Vec<Trouble> = TROUBLES.into_iter().filter(|_| swarm.one_in(2)).collect();
    let hot = u8::try_from(swarm.between(1, 3)).unwrap_or(1).min(shape.accounts);
    let mut maker = Maker { dice: dice.fork(3), shape, troubles, hot, at_ms: 0, steps: Vec::new() };
    maker.make();
    Plan { seed, shape: maker.shape, actions: maker.steps }
}

fn shape(dice: &mut Dice) -> Shape {
    Shape {
        partitions: dice.pick(&[1, 1, 2, 2, 3]).copied().unwrap_or(1),
        accounts: dice.pick(&[1, 1, 2, 3]).copied().unwrap_or(1),
        contacts: dice.pick(&[1, 1, 2, 3]).copied().unwrap_or(1),
        delay_ms_max: dice.pick(&[0, 5, 50, 400]).copied().unwrap_or(5),
        checkpoint_ms: dice.pick(&[200, 1_000, 5_000]).copied().unwrap_or(1_000),
        hold_seconds: dice.pick(&[5, 10, 30]).copied().unwrap_or(30),
        rest_ms: 15 * SECOND_MS,
    }
}

struct Maker {
    dice: Dice,
    shape: Shape,
    troubles: Vec<Trouble>,
    hot: u8,
    at_ms: u64,
    steps: Vec<Step>,
}

impl Maker {
    fn make(&mut self) {
        let rounds = self.dice.between(8, 26);
        for _ in 0..rounds {
            match self.dice.below(16) {
                0..=4 => self.story(),
                5..=9 => self.people(),
                10 => self.sleep(),
                11 => self.scene(),
                _ => self.trouble(),
            }
            self.pause();
        }
        // Whatever is open at the end is decided, so that a history is not about waiting.
        for _ in 0..self.dice.between(1, 3) {
            self.decide();
            self.pass(5 * SECOND_MS, 45 * SECOND_MS);
        }
    }

    fn add(&mut self, action: Action) {
        self.steps.push(Step { at_ms: self.at_ms, action });
    }

    fn pass(&mut self, from_ms: u64, to_ms: u64) {
        self.at_ms += self.dice.between(from_ms, to_ms);
    }

    /// Mostly a short while, so that things happen on top of each other; at times long enough for all to settle.
    fn pause(&mut self) {
        match self.dice.below(10) {
            0..=3 => self.pass(0, 300),
            4..=7 => self.pass(300, 6 * SECOND_MS),
            _ => self.pass(6 * SECOND_MS, 70 * SECOND_MS),
        }
    }

    fn account(&mut self) -> u8 {
        let of = if self.dice.one_in(5) { self.shape.accounts } else { self.hot };
        self.byte(of)
    }

    fn byte(&mut self, end: u8) -> u8 {
        u8::try_from(self.dice.below(u64::from(end))).unwrap_or(0)
    }

    fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    /// Something happens at a customer's that a play answers.
    fn story(&mut self) {
        let account = self.account();
        match self.dice.below(8) {
            0..=1 => {
                let what = What::PaymentFailed { invoice: self.byte(4) };
                for _ in 0..self.dice.between(1, 2) {
                    self.add(Action::Publish { account, what });
                    self.pass(0, SECOND_MS);
                }
            }
            2..=3 => self.add(Action::Publish { account, what: What::Competitor }),
            4 => {
                let contact = self.byte(self.shape.contacts);
                self.add(Action::Publish { account, what: What::ContactLeft { contact } });
            }
            5..=6 => {
                for _ in 0..self.dice.between(2, 5) {
                    self.add(Action::Publish { account, what: What::SupportBad });
                    self.pass(0, SECOND_MS);
                }
            }
            _ => {
                let what = match self.dice.below(3) {
                    0 => What::LoggedIn { contact: self.byte(self.shape.contacts) },
                    1 => What::SupportGood,
                    _ => What::PaymentSucceeded { invoice: self.byte(4) },
                };
                self.add(Action::Publish { account, what });
            }
        }
        self.pass(SECOND_MS, 5 * SECOND_MS);
    }

    /// Time passes: causes end and come again, budgets get free, proposals expire.
    fn sleep(&mut self) {
        let far = [10 * MINUTE_MS, 2 * HOUR_MS, 13 * HOUR_MS, DAY_MS, DAY_MS, 3 * DAY_MS];
        let ms = self.dice.pick(&far).copied().unwrap_or(DAY_MS);
        self.add(Action::PassTime { ms });
        self.pass(2 * SECOND_MS, 8 * SECOND_MS);
    }

    fn scene(&mut self) {
        let account = self.account();
        let (steps, at_ms) = scripts::scene(&mut self.dice, &self.shape, self.at_ms, account);
        self.steps.extend(steps);
        self.at_ms = at_ms;
    }

    fn verdict(&mut self) -> Verdict {
        match self.dice.below(10) {
            0..=6 => Verdict::Approve,
            7..=8 => Verdict::Edit,
            _ => Verdict::Reject,
        }
    }

    fn decide(&mut self) {
        let (person, card, verdict) = (self.byte(3), self.byte(6), self.verdict());
        let sight = if self.has(Trouble::Stale) && self.dice.one_in(3) { Sight::Stale } else { Sight::Fresh };
        self.add(Action::Decide { person, card, verdict, sight });
    }

    fn people(&mut self) {
        if self.has(Trouble::Together) && self.dice.one_in(3) {
            let (card, first, second) = (self.byte(6), self.verdict(), self.verdict());
            self.add(Action::DecideTogether { card, first, second });
        } else if self.has(Trouble::SecondThoughts) && self.dice.one_in(5) {
            let (person, card) = (self.byte(3), self.byte(6));
            self.add(Action::Withdraw { person, card });
        } else {
            self.decide();
        }
        // Half of the time long enough for the hold to be over.
        if self.dice.one_in(2) {
            let hold_ms = u64::from(self.shape.hold_seconds) * SECOND_MS;
            self.pass(hold_ms, hold_ms + 12 * SECOND_MS);
        }
    }

    fn trouble(&mut self) {
        let Some(trouble) = self.dice.pick(&self.troubles).copied() else {
            return self.decide();
        };
        match trouble {
            Trouble::Kills
            | Trouble::Freezes
            | Trouble::Replicas
            | Trouble::Wipes
            | Trouble::Rollbacks
            | Trouble::Damage
            | Trouble::Clocks
            | Trouble::Sleeps
            | Trouble::Replays => self.of_processes(trouble),
            Trouble::BusAway
            | Trouble::LostAcks
            | Trouble::LostMessages
            | Trouble::LatePublishes
            | Trouble::Duplicates
            | Trouble::MailDoubt
            | Trouble::MailRefusals => self.of_wires(trouble),
            Trouble::LateEvents | Trouble::Repeats | Trouble::Nonsense | Trouble::Comings => self.of_events(trouble),
            Trouble::Stops
            | Trouble::Unsubscribes
            | Trouble::Policies
            | Trouble::Together
            | Trouble::Stale
            | Trouble::SecondThoughts => self.of_people(trouble),
        }
    }

    fn of_processes(&mut self, trouble: Trouble) {
        let process = self.dice.pick(&PROCESSES).copied().unwrap_or(Process::Agents);
        match trouble {
            Trouble::Kills => self.kill(process),
            Trouble::Freezes => {
                let ms = self.ms(40 * SECOND_MS);
                let replica = self.byte(2);
                self.add(Action::Freeze { process, replica, ms });
            }
            Trouble::Wipes => {
                self.add(Action::WipeStore { process });
                self.kill(process);
            }
            Trouble::Rollbacks => self.roll_back(process),
            Trouble::Damage => {
                let damage = if self.dice.one_in(2) {
                    Damage::Lose { rows: self.byte(6) }
                } else {
                    let row = u16::try_from(self.dice.below(64)).unwrap_or(0);
                    Damage::Flip { row, bit: u16::try_from(self.dice.below(512)).unwrap_or(0) }
                };
                self.add(Action::DamageStore { process, damage });
                self.kill(process);
            }
            Trouble::Clocks => {
                let far = [HOUR_MS, 10 * MINUTE_MS, DAY_MS, 10 * DAY_MS];
                let jump = i64::try_from(self.dice.pick(&far).copied().unwrap_or(0)).unwrap_or(0);
                let ms = if self.dice.one_in(2) { jump } else { -jump };
                self.add(Action::ClockJump { process, ms });
            }
            Trouble::Sleeps => self.sleep(),
            Trouble::Replays => self.add(Action::Replay),
            _ => self.add(Action::Start { process }),
        }
    }

    fn of_wires(&mut self, trouble: Trouble) {
        let subjects = self.dice.pick(&SUBJECTS).copied().unwrap_or(Subjects::Facts);
        let action = match trouble {
            Trouble::BusAway => Action::BusAway { ms: self.ms(20 * SECOND_MS) },
            Trouble::LostAcks => Action::LoseAck { subjects },
            Trouble::LostMessages => Action::LoseMessage { subjects },
            Trouble::LatePublishes => Action::DelayPublish { subjects, ms: self.ms(9 * SECOND_MS) },
            Trouble::MailDoubt => {
                self.mail(&[Mail::LoseAnswer, Mail::LoseBoth, Mail::RefuseAfter, Mail::Slow { ms: 30_000 }])
            }
            Trouble::MailRefusals => self.mail(&[Mail::RefuseBefore, Mail::Temporary, Mail::Permanent]),
            _ => Action::Duplicate { subjects },
        };
        self.add(action);
    }

    fn of_events(&mut self, trouble: Trouble) {
        let account = self.account();
        match trouble {
            Trouble::LateEvents => {
                let what = What::PaymentFailed { invoice: self.byte(4) };
                let action = if self.dice.one_in(3) {
                    Action::PublishFuture { account, what, ms: self.dice.between(MINUTE_MS, 400 * DAY_MS) }
                } else {
                    Action::PublishLate { account, what, ms: self.dice.between(MINUTE_MS, 40 * DAY_MS) }
                };
                self.add(action);
            }
            Trouble::Repeats => {
                let nth = u16::try_from(self.dice.below(200)).unwrap_or(0);
                self.add(Action::PublishAgain { nth });
            }
            Trouble::Nonsense => self.add(Action::Publish { account, what: What::Nonsense }),
            _ => self.comings(account),
        }
    }

    fn of_people(&mut self, trouble: Trouble) {
        let action = match trouble {
            Trouble::Stops => {
                let play = if self.dice.one_in(4) { None } else { Some(self.byte(5)) };
                Action::KillSwitch { play }
            }
            Trouble::Unsubscribes => {
                let account = self.account();
                Action::Unsubscribe { account, contact: self.byte(self.shape.contacts) }
            }
            Trouble::Policies => {
                let agent = self.dice.pick(&Agent::ALL).copied().unwrap_or(Agent::Health);
                let change = [Change::Stricter, Change::Looser, Change::Broken];
                Action::PublishPolicy { agent, change: self.dice.pick(&change).copied().unwrap_or(Change::Stricter) }
            }
            Trouble::Together => {
                let (card, first, second) = (self.byte(6), self.verdict(), self.verdict());
                Action::DecideTogether { card, first, second }
            }
            Trouble::SecondThoughts => Action::Withdraw { person: self.byte(3), card: self.byte(6) },
            _ => {
                let (person, card, verdict) = (self.byte(3), self.byte(6), self.verdict());
                Action::Decide { person, card, verdict, sight: Sight::Stale }
            }
        };
        self.add(action);
    }

    fn ms(&mut self, to: u64) -> u32 {
        u32::try_from(self.dice.between(100, to)).unwrap_or(1_000)
    }

    /// People come and go at a customer's.
    fn comings(&mut self, account: u8) {
        let contact = self.byte(self.shape.contacts);
        let what = match self.dice.below(5) {
            0 => What::ContactLeft { contact },
            1 => What::Consent { contact, granted: self.dice.one_in(2) },
            2 => What::Revalued { thousands: self.byte(200) },
            3 => What::Churned,
            _ => What::WonBack,
        };
        self.add(Action::Publish { account, what });
    }

    fn mail(&mut self, of: &[Mail]) -> Action {
        let mail = self.dice.pick(of).copied().unwrap_or(Mail::Accept);
        Action::Mail { mail, attempts: 1 + self.byte(2) }
    }

    fn kill(&mut self, process: Process) {
        let replica = self.byte(2);
        self.add(Action::Kill { process, replica });
        self.pass(0, 4 * SECOND_MS);
        if !self.dice.one_in(4) {
            self.add(Action::Start { process });
        }
    }

    /// A copy of the stores comes back a while after it was made.
    fn roll_back(&mut self, process: Process) {
        if self.dice.one_in(2) {
            self.add(Action::KeepStore { process });
        } else {
            self.add(Action::RollBackStore { process });
            self.kill(process);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_gives_one_plan_in_order_of_time() {
        for seed in 0..200 {
            let made = plan(seed);
            assert_eq!(made, plan(seed));
            assert!(made.actions.is_sorted_by_key(|step| step.at_ms), "seed {seed}");
            assert!((1..=4).contains(&made.shape.partitions) && made.shape.accounts > 0 && made.shape.contacts > 0);
        }
    }

    #[test]
    fn every_kind_of_action_is_made_and_only_events_and_decisions_in_all_plans() {
        let kind = |step: &Step| std::mem::discriminant(&step.action);
        let plans: Vec<BTreeSet<String>> =
            (0..400).map(|seed| plan(seed).actions.iter().map(|step| format!("{:?}", kind(step))).collect()).collect();
        let all: BTreeSet<&String> = plans.iter().flatten().collect();
        assert_eq!(all.len(), 26, "kinds of actions");
        let everywhere = all.iter().filter(|kind| plans.iter().all(|plan| plan.contains(**kind))).count();
        assert!(everywhere <= 2, "{everywhere} kinds of actions are in every plan");
    }
}
