//! Signs in what the customer says to us: no answer, fewer answers, a worse rating.
//!
//! Only messages reported as arrived count, for only where arrivals are reported can the absence of an answer mean
//! anything. Opens are never used: mail programs open by themselves.

use std::collections::{BTreeMap, VecDeque};

use bus_schema::{
    Data, Event, Position,
    data::{survey::SurveyType, words::TouchClass},
};
use serde::{Deserialize, Serialize};

use super::{Look, Mark, Sign, Signal};

/// Messages remembered: two times five, and those too young to count.
const MESSAGES_MAX: usize = 16;
/// Answers remembered.
const ANSWERS_MAX: usize = 100;
/// A message must be so old to count as not answered.
const ANSWER_DAYS: i32 = 7;
/// A first unanswered message of this age makes a renewal silent.
const SILENT_DAYS: i32 = 14;
/// Days to the decision from which silence counts.
const RENEWAL_DAYS: i32 = 90;
/// The worst score of a promoter and the best of a detractor.
const PROMOTER: u8 = 9;
const DETRACTOR: u8 = 6;

/// What a customer says to us.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Voice {
    messages: VecDeque<Message>,
    scores: BTreeMap<String, u8>,
    fell: Option<(String, u8, Option<u8>, Mark)>,
    promoter: Option<Mark>,
}

/// A personal message of ours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Message {
    id: String,
    contact: Option<String>,
    mark: Mark,
    answered: bool,
}

impl Voice {
    /// Folds an event of the conversation.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the conversation is folded here")]
    pub fn fold(&mut self, event: &Event, cause: Position) -> bool {
        let mark = Mark { at: event.header.time, event: cause };
        let contact = event.header.contact.clone();
        match &event.data {
            Data::OutreachDelivered(data) if data.class == TouchClass::Relationship => {
                let id = data.message.to_string();
                if !self.messages.iter().any(|message| message.id == id) {
                    self.messages.push_back(Message { id, contact, mark, answered: false });
                    if self.messages.len() > MESSAGES_MAX {
                        self.messages.pop_front();
                    }
                }
            }
            Data::OutreachReplied(_) | Data::OutreachClicked(_) => self.answered(contact.as_deref()),
            Data::MeetingHeld(_) => self.answered(None),
            Data::NpsResponded(data) if data.survey_type == SurveyType::Relationship => {
                self.scored(contact.unwrap_or_default(), data.score, mark);
            }
            _ => return false,
        }
        true
    }

    /// Messages to this contact, or all, count as answered.
    fn answered(&mut self, contact: Option<&str>) {
        for message in &mut self.messages {
            if contact.is_none() || message.contact.as_deref() == contact {
                message.answered = true;
            }
        }
    }

    fn scored(&mut self, contact: String, score: u8, mark: Mark) {
        let before = self.scores.get(&contact).copied();
        if score >= PROMOTER {
            self.promoter = Some(mark);
        }
        let became = score <= DETRACTOR && before.is_none_or(|before| before > DETRACTOR);
        if became || before.is_some_and(|before| before >= score + 3) {
            self.fell = Some((contact.clone(), score, before, mark));
        } else if score > DETRACTOR && self.fell.as_ref().is_some_and(|(who, ..)| *who == contact) {
            self.fell = None;
        }
        if before.is_some() || self.scores.len() < ANSWERS_MAX {
            self.scores.insert(contact, score);
        }
    }

    /// Whether our last personal message waits for an answer, and was sent less than so many days ago.
    pub fn waiting(&self, look: &Look<'_>, days: i32) -> bool {
        self.messages.back().is_some_and(|message| !message.answered && look.within(Some(&message.mark), days))
    }

    /// The latest answer of a promoter.
    pub const fn promoter(&self) -> Option<&Mark> {
        self.promoter.as_ref()
    }

    /// The signs that hold. `decision` is how many days are left until the customer decides.
    pub fn signals(&self, decision: Option<i32>, look: &Look<'_>, found: &mut Vec<Signal>) {
        let open: Vec<&Message> = self.messages.iter().rev().take_while(|message| !message.answered).collect();
        let first = open.last().map(|message| message.mark.at);
        if decision.is_some_and(|days| (0..=RENEWAL_DAYS).contains(&days))
            && open.len() >= 2
            && first.is_some_and(|first| look.days_since(first) >= SILENT_DAYS)
        {
            let reason = format!(
                "{} messages without an answer since {}, {} days to the decision",
                open.len(),
                first.map(|first| first.day().to_string()).unwrap_or_default(),
                decision.unwrap_or(0)
            );
            let events = open.iter().take(agent::usage::CITED_MAX).map(|message| message.mark.event).collect();
            found.push(look.sign(Sign::RenewalSilent, first, reason, events));
        }
        let old: Vec<&Message> =
            self.messages.iter().rev().filter(|m| look.days_since(m.mark.at) >= ANSWER_DAYS).take(10).collect();
        if let Some((recent, earlier)) = old.split_at_checked(5)
            && earlier.len() == 5
        {
            let count = |messages: &[&Message]| messages.iter().filter(|message| message.answered).count();
            let (now, before) = (count(recent), count(earlier));
            if now * 2 <= before && before >= now + 2 {
                let reason = format!("{now} of the last 5 messages answered, {before} of the 5 before");
                let events = recent.iter().map(|message| message.mark.event).collect();
                found.push(look.sign(Sign::ResponsesFalling, None, reason, events));
            }
        }
        if let Some((_, score, before, mark)) = &self.fell
            && look.within(Some(mark), look.policy.lives.nps_falling)
        {
            let before = before.map(|before| format!(", {before} before")).unwrap_or_default();
            let reason = format!("a contact rated us {score} of 10{before}");
            found.push(look.sign(Sign::NpsFalling, Some(mark.at), reason, vec![mark.event]));
        }
    }
}
