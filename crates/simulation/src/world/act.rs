//! What each action of a plan does. One that does not apply does nothing.

use std::{sync::Arc, time::Duration};

use bus_schema::{Actor, ActorKind, door::Door, subject::Stop};
use tokio::time::sleep;

use super::{
    World,
    cards::{At, Cards},
    person::Wish,
    process::TENANT_KEY,
    producer, rules,
    shared::Fault,
    stops,
    stores::Treatment,
};
use crate::plan::{Action, Change, Process, Sight, Subjects, Verdict, What};

impl World<'_> {
    pub(super) async fn act(&mut self, action: &Action) {
        self.shared.note(format!("{action:?}"));
        match *action {
            Action::Publish { account, what } => self.say(account, what, 0),
            Action::PublishLate { account, what, ms } => {
                self.say(account, what, i64::try_from(ms).unwrap_or(i64::MAX).saturating_neg());
            }
            Action::PublishFuture { account, what, ms } => {
                self.say(account, what, i64::try_from(ms).unwrap_or(i64::MAX));
            }
            Action::PublishAgain { nth } => self.producer.again(nth),
            Action::Kill { process, replica } => self.processes.kill(process, replica),
            Action::Freeze { process, replica, ms } => self.freeze(process, replica, ms),
            Action::Start { process } => self.processes.start(process),
            Action::WipeStore { process } => self.treat(process, Treatment::Wipe, "wipes"),
            Action::KeepStore { process } => self.processes.treat(process, Treatment::Keep),
            Action::RollBackStore { process } => self.treat(process, Treatment::RollBack, "roll_backs"),
            Action::DamageStore { process, damage } => self.treat(process, Treatment::Damage(damage), "damages"),
            Action::BusAway { ms } => self.away(ms),
            Action::LoseAck { subjects } => self.fault(subjects, Fault::LoseAck),
            Action::LoseMessage { subjects } => self.fault(subjects, Fault::LoseMessage),
            Action::DelayPublish { subjects, ms } => {
                self.fault(subjects, Fault::Delay(Duration::from_millis(ms.into())));
            }
            Action::Duplicate { subjects } => self.fault(subjects, Fault::Duplicate),
            Action::ClockJump { process, ms } => self.shared.time.jump(process, ms),
            Action::PassTime { ms } => self.shared.time.pass(ms),
            Action::Mail { mail, attempts } => {
                self.shared.book().mail_to_come.extend(std::iter::repeat_n(mail, attempts.into()));
            }
            Action::Decide { person, card, verdict, sight } => self.decide(person, card, Some(verdict), sight),
            Action::DecideTogether { card, first, second } => self.together(card, first, second),
            Action::Withdraw { person, card } => self.decide(person, card, None, Sight::Fresh),
            Action::Unsubscribe { account, contact } => self.unsubscribe(account, contact),
            Action::KillSwitch { play } => self.kill_switch(play),
            Action::PublishPolicy { agent, change } => self.policy(agent, change),
            Action::Replay => self.replay(),
        }
        // What was just begun begins.
        tokio::task::yield_now().await;
    }

    fn say(&self, account: u8, what: What, offset_ms: i64) {
        let account = producer::account(&self.shared.shape, account);
        self.producer.what(&account, what, self.shared.time.now().plus_ms(offset_ms));
    }

    fn freeze(&self, process: Process, replica: u8, ms: u32) {
        let Some(life) = self.processes.freeze(process, replica) else { return };
        tokio::spawn(async move {
            sleep(Duration::from_millis(ms.into())).await;
            life.thaw();
        });
    }

    fn treat(&mut self, process: Process, treatment: Treatment, counted: &'static str) {
        self.shared.met(counted);
        self.processes.treat(process, treatment);
    }

    fn away(&self, ms: u32) {
        self.streams.set_away(true);
        self.shared.met("aways");
        let streams = self.streams.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(ms.into())).await;
            streams.set_away(false);
        });
    }

    fn fault(&self, subjects: Subjects, fault: Fault) {
        self.shared.book().faults.push((subjects, fault));
    }

    /// What a person has before their eyes.
    fn page(&mut self, person: usize, sight: Sight) -> Option<Cards> {
        self.cards.read(&self.streams);
        let page = self.pages.get_mut(person)?;
        match sight {
            Sight::Fresh => *page = self.cards.clone(),
            Sight::Stale => {}
        }
        Some(page.clone())
    }

    fn decide(&mut self, person: u8, card: u8, verdict: Option<Verdict>, sight: Sight) {
        let person = usize::from(person) % self.persons.len();
        let Some(page) = self.page(person, sight) else { return };
        let wanted = if verdict.is_some() { At::Filed } else { At::Held };
        let Some(proposal) = chosen(&page, wanted, card) else { return };
        if let Some(person) = self.persons.get(person).cloned() {
            tokio::spawn(person.decide(page, proposal, Wish(verdict)));
        }
    }

    fn together(&mut self, card: u8, first: Verdict, second: Verdict) {
        let Some(page) = self.page(0, Sight::Fresh) else { return };
        let Some(proposal) = chosen(&page, At::Filed, card) else { return };
        for (person, verdict) in self.persons.iter().zip([first, second]) {
            tokio::spawn(person.clone().decide(page.clone(), proposal.clone(), Wish(Some(verdict))));
        }
    }

    fn unsubscribe(&self, account: u8, contact: u8) {
        let account = producer::account(&self.shared.shape, account);
        let address = producer::contact(&self.shared.shape, &account, contact);
        let contact = Door::new(TENANT_KEY).pseudonym(&address);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(stops::unsubscribe(shared, self.outside.clone(), account, contact, address));
    }

    fn kill_switch(&self, play: Option<u8>) {
        let scope = play.and_then(|play| rules::PLAYS.get(usize::from(play) % rules::PLAYS.len()));
        let scope = scope.map_or(Stop::All, |play| Stop::Play((*play).to_owned()));
        let account = producer::account(&self.shared.shape, 0);
        let set = stops::set(Arc::clone(&self.shared), self.outside.clone(), scope, account);
        tokio::spawn(set);
    }

    fn policy(&self, agent: crate::plan::Agent, change: Change) {
        let rule = rules::changed(agent, change, &self.shared.shape);
        let actor = Actor { kind: ActorKind::Person, id: "ana".into() };
        let (shared, outside) = (Arc::clone(&self.shared), self.outside.clone());
        tokio::spawn(async move {
            let published = supervision::publish(&outside, &rule, &actor, shared.time.now()).await;
            shared.note(format!("policy {}: {published:?}", rule.name));
            shared.met("policies");
        });
    }

    /// The couriers stay.
    fn replay(&mut self) {
        self.shared.met("replays");
        for process in [Process::Router, Process::Agents] {
            self.processes.end_all(process);
            self.processes.treat(process, Treatment::Wipe);
            self.processes.start(process);
        }
    }
}

fn chosen(page: &Cards, at: At, card: u8) -> Option<String> {
    let nth = usize::from(card).checked_rem(page.of(at).count())?;
    page.of(at).nth(nth).map(|(proposal, _)| proposal.clone())
}
