//! An event in one sentence, for people. Text of customers is quoted as data and chooses nothing.

use bus_schema::{Day, Kind, Money};
use serde_json::Value;

use super::outcome;
use crate::{
    markup::{
        icon::Icon,
        part::{self, Tone},
        words,
    },
    views::row::{self, LogEvent},
};

/// An event as the timeline says it.
pub(super) struct Said {
    pub(super) icon: Icon,
    pub(super) tone: Tone,
    pub(super) text: String,
}

fn said(icon: Icon, tone: Tone, text: impl Into<String>) -> Said {
    Said { icon, tone, text: text.into() }
}

/// Reads fields of an event's data.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn plain(&self, name: &str) -> String {
        words::plain(self.text(name))
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    fn count(&self, name: &str, one: &str, many: &str) -> String {
        self.number(name).map_or_else(String::new, |n| words::count(usize::try_from(n).unwrap_or(0), one, many))
    }

    fn percent(&self, name: &str) -> String {
        part::percent(self.number(name).and_then(|n| u16::try_from(n).ok()).unwrap_or(0))
    }

    fn points(&self, name: &str) -> u16 {
        part::points(self.number(name).and_then(|n| u16::try_from(n).ok()).unwrap_or(0))
    }

    fn money(&self, name: &str) -> String {
        let money: Option<Money> = self.0.get(name).and_then(|value| serde_json::from_value(value.clone()).ok());
        money.map_or_else(|| "an unknown amount".into(), words::money)
    }

    fn day(&self, name: &str) -> String {
        let day: Option<Day> = self.0.get(name).and_then(|value| serde_json::from_value(value.clone()).ok());
        day.map_or_else(|| "an unknown day".into(), |day| day.to_string())
    }

    fn band(&self, name: &str) -> (&'static str, Icon, Tone) {
        part::band_words(row::band(self.text(name)))
    }
}

/// The sentence of an event.
pub(super) fn event(event: &LogEvent, reader: &str) -> Said {
    let fields = Fields(&event.data);
    let known = Kind::from_name(&event.kind).and_then(|kind| {
        usage(kind, &fields)
            .or_else(|| customer(kind, &fields))
            .or_else(|| money(kind, &fields))
            .or_else(|| judged(kind, &fields))
            .or_else(|| proposal(kind, &fields, event, reader))
            .or_else(|| delivery(kind, &fields))
    });
    known.unwrap_or_else(|| said(Icon::Note, Tone::Plain, other(event)))
}

/// A kind without words of its own: its name and its first plain fields.
fn other(event: &LogEvent) -> String {
    let mut text = words::sentence(&event.kind);
    let fields = event.data.as_object().into_iter().flatten().filter_map(|(name, value)| match value {
        Value::String(text) if text.len() <= 60 => Some(format!("{} {}", words::plain(name), words::plain(text))),
        Value::Number(number) => Some(format!("{} {number}", words::plain(name))),
        Value::Bool(true) => Some(words::plain(name)),
        Value::Bool(false) | Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    let few: Vec<String> = fields.take(3).collect();
    if !few.is_empty() {
        text.push_str(": ");
        text.push_str(&few.join(", "));
    }
    text
}

fn usage(kind: Kind, f: &Fields<'_>) -> Option<Said> {
    let text = match kind {
        Kind::UsageAggregated => f.count("active_users", "active user", "active users"),
        Kind::UsageRecorded => format!("Used {}", f.plain("feature")),
        Kind::UserLoggedIn => "A user logged in".into(),
        Kind::SeatsMeasured => format!("Seats measured: {}", f.count("used", "seat", "seats")),
        Kind::FeatureActivated => format!("Activated {}", f.plain("feature")),
        Kind::MilestoneReached => format!("Milestone reached: {}", f.plain("milestone")),
        _ => return None,
    };
    Some(said(Icon::Portfolio, Tone::Plain, words::sentence_case(&text)))
}

fn customer(kind: Kind, f: &Fields<'_>) -> Option<Said> {
    Some(match kind {
        Kind::AccountCreated => said(Icon::Account, Tone::Plain, format!("Account began on {}", f.day("started_on"))),
        Kind::AccountUpdated => said(Icon::Account, Tone::Plain, "Account details changed"),
        Kind::AccountChurned => said(Icon::Account, Tone::Bad, format!("The account left: {}", f.plain("reason_code"))),
        Kind::CsmAssigned => said(Icon::Person, Tone::Plain, format!("{} looks after this account", f.text("csm"))),
        Kind::ContactAdded => said(Icon::Person, Tone::Plain, "A contact became known"),
        Kind::ContactUpdated => said(Icon::Person, Tone::Plain, "Contact details changed"),
        Kind::ContactLeft => said(Icon::PersonGone, Tone::Warn, "A contact left the company"),
        Kind::ConsentChanged => said(Icon::Person, Tone::Plain, format!("Consent {}", f.plain("state"))),
        Kind::TicketOpened => {
            said(Icon::Ticket, Tone::Warn, format!("Ticket {} opened, {}", f.text("ticket"), f.plain("priority")))
        }
        Kind::TicketReopened => said(Icon::Ticket, Tone::Warn, format!("Ticket {} reopened", f.text("ticket"))),
        Kind::TicketEscalated => said(Icon::Ticket, Tone::Bad, format!("Ticket {} escalated", f.text("ticket"))),
        Kind::TicketResolved => said(Icon::Ticket, Tone::Good, format!("Ticket {} resolved", f.text("ticket"))),
        Kind::NpsResponded => said(Icon::Reply, Tone::Plain, format!("NPS answer {}", f.number("score").unwrap_or(0))),
        Kind::OutreachReplied => said(Icon::Reply, Tone::Good, "A message was answered"),
        Kind::OutreachBounced => {
            said(Icon::Reply, Tone::Bad, format!("A message came back, {} bounce", f.text("bounce")))
        }
        Kind::OutreachUnsubscribed => said(Icon::Forbid, Tone::Warn, "A contact unsubscribed"),
        Kind::StageChanged => {
            said(Icon::Account, Tone::Plain, format!("Stage is {}: {}", f.plain("to"), f.text("reason")))
        }
        Kind::SegmentChanged => said(
            Icon::Account,
            Tone::Plain,
            format!("Segment is {}: {}", words::segment(f.text("to")), f.text("reason")),
        ),
        _ => return None,
    })
}

fn money(kind: Kind, f: &Fields<'_>) -> Option<Said> {
    Some(match kind {
        Kind::InvoiceIssued => said(Icon::Payment, Tone::Plain, format!("Invoice over {} issued", f.money("amount"))),
        Kind::InvoicePaid => said(Icon::Payment, Tone::Good, format!("Invoice paid, {}", f.money("amount"))),
        Kind::InvoiceOverdue => said(Icon::Payment, Tone::Warn, format!("Invoice {} is overdue", f.text("invoice"))),
        Kind::InvoicePaymentFailed => {
            said(Icon::Payment, Tone::Bad, format!("Payment of invoice {} failed", f.text("invoice")))
        }
        Kind::ContractSigned => said(
            Icon::Payment,
            Tone::Good,
            format!("Contract signed over {} a year, until {}", f.money("arr"), f.day("term_end")),
        ),
        Kind::ContractNoticeGiven => {
            said(Icon::Payment, Tone::Bad, format!("Notice given for {}", f.day("effective_on")))
        }
        Kind::SubscriptionStarted => {
            said(Icon::Payment, Tone::Good, format!("Subscription began, {} a month", f.money("mrr")))
        }
        Kind::SubscriptionChanged => {
            said(Icon::Payment, Tone::Plain, format!("Subscription changed to {} a month", f.money("mrr")))
        }
        Kind::SubscriptionRenewed => {
            said(Icon::Payment, Tone::Good, format!("Subscription renewed, {} a month", f.money("mrr")))
        }
        Kind::SubscriptionCancelled => {
            said(Icon::Payment, Tone::Bad, format!("Subscription cancelled for {}", f.day("effective_on")))
        }
        _ => return None,
    })
}

fn judged(kind: Kind, f: &Fields<'_>) -> Option<Said> {
    Some(match kind {
        Kind::HealthScored => {
            let (word, icon, tone) = f.band("band");
            let text = if word == "No data" {
                "Health: no data".into()
            } else {
                format!("Health is {}, {}", f.points("final_score"), word.to_lowercase())
            };
            said(icon, tone, text)
        }
        Kind::HealthBandChanged => {
            let ((from, ..), (to, icon, tone)) = (f.band("from"), f.band("to"));
            said(
                icon,
                tone,
                format!("Health went from {} to {}: {}", from.to_lowercase(), to.to_lowercase(), f.text("reason")),
            )
        }
        Kind::ChurnForecasted => said(
            Icon::Down,
            Tone::Plain,
            format!("Churn in 90 d {}, base rate {}", f.percent("p90_bp"), f.percent("base_p90_bp")),
        ),
        Kind::AlertOpened => said(Icon::Warning, Tone::Bad, format!("Alert opened: {}", f.text("reason"))),
        Kind::AlertUpdated => said(Icon::Warning, Tone::Warn, format!("Alert updated: {}", f.text("reason"))),
        Kind::AlertClosed => said(Icon::Healthy, Tone::Good, format!("Alert closed: {}", f.text("reason"))),
        Kind::TurnFailed => {
            said(Icon::Warning, Tone::Bad, format!("{} skips this account: {}", f.text("agent"), f.text("reason")))
        }
        Kind::TouchpointRequested => {
            said(Icon::Inbox, Tone::Plain, format!("A touch was asked for: {}", f.text("why")))
        }
        Kind::TouchpointHeld => {
            said(Icon::Clock, Tone::Plain, format!("A touch is not proposed: {}", f.text("detail")))
        }
        _ => return None,
    })
}

fn proposal(kind: Kind, f: &Fields<'_>, event: &LogEvent, reader: &str) -> Option<Said> {
    let by = || outcome::who(event.actor.as_deref().unwrap_or_default(), reader);
    Some(match kind {
        Kind::OutreachProposed => said(Icon::Inbox, Tone::Plain, format!("Card proposed: {}", f.text("why"))),
        Kind::ProposalFiled => said(Icon::Inbox, Tone::Plain, "Card opened"),
        Kind::DecisionRecorded => {
            let verdict = if f.text("verdict") == "approve" { "approved" } else { "rejected" };
            said(Icon::Person, Tone::Plain, format!("{} {verdict} the card", by()))
        }
        Kind::DecisionUndone => said(Icon::Undo, Tone::Plain, format!("{} took the approval back", by())),
        Kind::DecisionRefused => {
            said(Icon::Forbid, Tone::Warn, format!("The decision did not count: {}", f.plain("reason")))
        }
        Kind::ProposalDecided => {
            let approved = f.text("verdict") == "approve";
            let (icon, text) = if approved { (Icon::Tick, "Approved and held") } else { (Icon::Forbid, "Rejected") };
            said(icon, Tone::Plain, format!("{text}, by {}", outcome::by(f.text("by"), reader)))
        }
        Kind::ProposalReopened => said(Icon::Undo, Tone::Plain, "The card waits again"),
        Kind::ProposalVoided => said(Icon::Warning, Tone::Warn, format!("The card is void: {}", f.plain("reason"))),
        Kind::ProposalExpired => said(Icon::Clock, Tone::Plain, "The card expired. Nothing was sent"),
        Kind::CardShown => said(Icon::Inbox, Tone::Plain, format!("Shown to {}: {}", f.text("csm"), f.text("reason"))),
        Kind::CardDropped => {
            said(Icon::Clock, Tone::Plain, format!("Not shown to {}: {}", f.text("csm"), f.text("reason")))
        }
        Kind::ApprovalSigned => said(Icon::Chain, Tone::Plain, "The hold is over; the courier may send"),
        _ => return None,
    })
}

fn delivery(kind: Kind, f: &Fields<'_>) -> Option<Said> {
    Some(match kind {
        Kind::DeliveryApproved => said(Icon::Send, Tone::Plain, "Handed to the courier"),
        Kind::DeliveryIntended => said(Icon::Send, Tone::Plain, "The courier is about to send"),
        Kind::DeliverySent => said(Icon::Send, Tone::Good, "Message sent"),
        Kind::DeliveryFailed => said(Icon::Send, Tone::Bad, format!("Message not sent: {}", f.plain("reason"))),
        Kind::DeliveryUnknown => said(Icon::Unknown, Tone::Odd, "It may or may not have arrived"),
        Kind::DeliveryWithdrawn => said(Icon::Undo, Tone::Plain, "The approval was taken back before sending"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use bus_schema::{Position, Time};
    use serde_json::json;

    use super::*;

    fn log_event(kind: &str, data: Value) -> LogEvent {
        LogEvent {
            position: Position::default(),
            time: Time(0),
            logtime: Time(0),
            entity: "account/a".into(),
            kind: kind.into(),
            writer: "in".into(),
            source: "s".into(),
            contact: None,
            actor: Some("person/jo".into()),
            late: false,
            data,
            personal: None,
        }
    }

    #[test]
    fn events_are_said_with_their_numbers() {
        let say = |kind: &str, data: Value| event(&log_event(kind, data), "").text;
        assert_eq!(say("usage.aggregated", json!({ "active_users": 19 })), "19 active users");
        assert_eq!(say("health.scored", json!({ "band": "red", "final_score": 6349 })), "Health is 63, at risk");
        assert_eq!(say("health.scored", json!({ "band": "unknown", "final_score": 5000 })), "Health: no data");
        assert_eq!(say("decision.recorded", json!({ "verdict": "approve" })), "A colleague (jo) approved the card");
        assert_eq!(say("goal.set", json!({ "goal": "faster_close", "n": 2 })), "Goal set: goal faster close, n 2");
    }
}
