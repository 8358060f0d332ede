//! Signs in the money: payments that fail or come late, and budgets that shrink.

use std::collections::BTreeMap;

use bus_schema::{Data, Day, Event, Money as Amount, Position, data::commercial::BudgetState, time::DAY_MS};
use serde::{Deserialize, Serialize};

use super::{Look, Mark, Sign, Signal};

/// Open invoices remembered.
const INVOICES_MAX: usize = 50;

/// What an account owes, and what it said of its budget.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Money {
    invoices: BTreeMap<String, Invoice>,
    /// When an invoice that had been a sign was paid.
    cured: Option<Mark>,
    /// Frozen or of concern.
    budget: Option<(bool, Mark)>,
}

/// An open invoice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invoice {
    /// What is due.
    pub amount: Amount,
    /// When, where it is known.
    pub due_on: Option<Day>,
    /// The first failure of its payment.
    pub failed: Option<Mark>,
    /// The latest event about it.
    pub latest: Mark,
}

impl Invoice {
    /// Days after the due date.
    pub fn days_late(&self, today: Day) -> i32 {
        self.due_on.map_or(0, |due| (today.0 - due.0).max(0))
    }
}

impl Money {
    /// Folds an event about money; answers whether a sign may have changed.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only money is folded here")]
    pub fn fold(&mut self, event: &Event, cause: Position, look: &Look<'_>) -> bool {
        let mark = Mark { at: event.header.time, event: cause };
        let day = mark.at.day();
        match &event.data {
            Data::InvoiceIssued(data) => {
                let invoice = self.invoice(data.invoice.as_str(), data.amount, mark);
                (invoice.due_on, invoice.amount) = (Some(data.due_on), data.amount);
            }
            Data::InvoicePaymentFailed(data) => {
                let invoice = self.invoice(data.invoice.as_str(), data.amount, mark);
                invoice.failed = invoice.failed.or(Some(mark));
                invoice.owe(day, data.days_late);
            }
            Data::InvoiceOverdue(data) => {
                let invoice = self.invoice(data.invoice.as_str(), data.amount, mark);
                invoice.owe(day, Some(data.days_late.unwrap_or(1)));
            }
            Data::InvoicePaid(data) => {
                let paid = self.invoices.remove(data.invoice.as_str());
                if paid.is_some_and(|invoice| told(&invoice, look).is_some()) {
                    self.cured = Some(mark);
                }
            }
            Data::BudgetReported(data) => {
                self.budget = match &data.state {
                    BudgetState::Frozen => Some((true, mark)),
                    BudgetState::Concern => Some((false, mark)),
                    BudgetState::Confirmed | BudgetState::Increased => None,
                    BudgetState::Other(_) => self.budget,
                };
            }
            _ => return false,
        }
        true
    }

    fn invoice(&mut self, id: &str, amount: Amount, mark: Mark) -> &mut Invoice {
        if self.invoices.len() >= INVOICES_MAX && !self.invoices.contains_key(id) {
            let oldest = self.invoices.iter().min_by_key(|(_, invoice)| invoice.latest.at).map(|(id, _)| id.clone());
            oldest.map(|id| self.invoices.remove(&id));
        }
        let invoice = self.invoices.entry(id.to_owned());
        let invoice = invoice.or_insert(Invoice { amount, due_on: None, failed: None, latest: mark });
        invoice.latest = mark;
        invoice
    }

    /// The open invoice that weighs most, with its id, where there is one that is a sign.
    pub fn worst(&self, look: &Look<'_>) -> Option<(&String, &Invoice)> {
        let signs = self.invoices.iter().filter(|(_, invoice)| told(invoice, look).is_some());
        signs.max_by_key(|(_, invoice)| (told(invoice, look), invoice.days_late(look.today)))
    }

    /// The signs that hold.
    pub fn signals(&self, look: &Look<'_>, found: &mut Vec<Signal>) {
        if let Some((id, invoice)) = self.worst(look)
            && let Some(sign) = told(invoice, look)
        {
            let events = vec![invoice.latest.event];
            let since = invoice.failed.map(|mark| mark.at).or_else(|| invoice.due_on.map(Day::start));
            found.push(look.sign(sign, since, format!("invoice {id} {}", invoice.says(look)), events));
        }
        if let Some(mark) = self.cured
            && look.within(Some(&mark), look.policy.lives.payment_cured)
        {
            let reason = format!("a late payment was made on {}", mark.at.day());
            found.push(look.sign(Sign::PaymentCured, Some(mark.at), reason, vec![mark.event]));
        }
        if let Some((frozen, mark)) = self.budget
            && look.within(Some(&mark), look.policy.lives.budget)
        {
            let (sign, word) =
                if frozen { (Sign::BudgetFrozen, "frozen") } else { (Sign::BudgetConcern, "of concern") };
            let reason = format!("the customer's budget was {word} on {}", mark.at.day());
            found.push(look.sign(sign, Some(mark.at), reason, vec![mark.event]));
        }
    }
}

impl Invoice {
    /// A due date that is only told by the days since.
    fn owe(&mut self, day: Day, days_late: Option<u32>) {
        if let (None, Some(late)) = (self.due_on, days_late) {
            self.due_on = Some(day.plus(i32::try_from(late).unwrap_or(i32::MAX).saturating_neg()));
        }
    }

    /// How it stands, for people.
    pub fn says(&self, look: &Look<'_>) -> String {
        let date = |day: Day| day.civil().strftime("%-d %B %Y").to_string();
        let late = self.days_late(look.today);
        match (self.failed, self.due_on) {
            (Some(failed), due) if late == 0 || due.is_none() => {
                format!("could not be charged on {}", date(failed.at.day()))
            }
            (_, Some(due)) => format!("was due on {}, {late} days ago", date(due)),
            (Some(_) | None, None) => "is open".into(),
        }
    }
}

/// The sign an open invoice is.
fn told(invoice: &Invoice, look: &Look<'_>) -> Option<Sign> {
    let rules = &look.policy.money;
    let late = invoice.days_late(look.today);
    let failed = invoice.failed.is_some_and(|mark| look.now.since_ms(mark.at) > i64::from(rules.failed_days) * DAY_MS);
    if late > rules.very_late_days {
        Some(Sign::PaymentVeryLate)
    } else if failed || late > rules.late_days {
        Some(Sign::PaymentLate)
    } else {
        None
    }
}
