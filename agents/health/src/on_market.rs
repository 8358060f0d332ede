//! Bills, renewals, opportunities, budget, rivals.

use bus_schema::data::commercial::{
    BudgetReported, BudgetState, CompetitorMentioned, CompetitorStage, InvoiceIssued, InvoiceOverdue,
    InvoicePaymentFailed, RenewalStage,
};

use crate::{
    metrics::Source,
    moment::Moment,
    state::{Account, Billing, Prospect, Purse, RenewalStep, short},
};

fn billing<'a>(account: &'a mut Account, moment: &Moment<'_>) -> &'a mut Billing {
    account.sources.hear(moment.source, Source::Billing);
    account.billing.trail.cite(moment.cause, moment.at);
    &mut account.billing
}

/// An invoice was sent.
pub(crate) fn issued(account: &mut Account, moment: &Moment<'_>, data: &InvoiceIssued) {
    billing(account, moment).owe(short(&data.invoice), data.due_on);
}

/// An invoice was paid, or its money given back.
pub(crate) fn settled(account: &mut Account, moment: &Moment<'_>, invoice: &str) {
    let billing = billing(account, moment);
    billing.told = true;
    billing.settle(short(invoice));
}

/// A payment did not go through.
pub(crate) fn failed(account: &mut Account, moment: &Moment<'_>, data: &InvoicePaymentFailed) {
    let billing = billing(account, moment);
    billing.told = true;
    billing.failed.add(moment.day, moment.cause);
    if let Some(days) = data.days_late {
        billing.owe(short(&data.invoice), moment.day.plus(-i32::try_from(days.min(3_650)).unwrap_or(0)));
    }
}

/// An invoice is past its due date.
pub(crate) fn overdue(account: &mut Account, moment: &Moment<'_>, data: &InvoiceOverdue) {
    let billing = billing(account, moment);
    billing.told = true;
    let days = i32::try_from(data.days_late.unwrap_or(1).min(3_650)).unwrap_or(1);
    billing.owe(short(&data.invoice), moment.day.plus(-days));
}

/// A payment is disputed.
pub(crate) fn disputed(account: &mut Account, moment: &Moment<'_>, invoice: &str) {
    billing(account, moment).dispute(short(invoice), moment.day);
}

/// The customer gave notice, or switched automatic renewal off.
pub(crate) fn withdrawn(account: &mut Account, moment: &Moment<'_>, switched_off: bool) {
    account.sources.hear(moment.source, Source::Commercial);
    account.renewal.switched_off |= switched_off;
    account.renewal.trail.cite(moment.cause, moment.at);
}

/// A contract was signed or changed: the renewal before it is over.
pub(crate) fn contracted(account: &mut Account, moment: &Moment<'_>) {
    account.renewal.step = None;
    account.renewal.switched_off = false;
    account.renewal.trail.cite(moment.cause, moment.at);
}

/// A renewal moved.
pub(crate) fn renewal(account: &mut Account, moment: &Moment<'_>, stage: &RenewalStage) {
    account.sources.hear(moment.source, Source::Commercial);
    account.renewal.trail.cite(moment.cause, moment.at);
    account.renewal.step = match stage {
        RenewalStage::Lost => Some(RenewalStep::Lost),
        RenewalStage::Open => Some(RenewalStep::Open),
        RenewalStage::Discussed => Some(RenewalStep::Discussed),
        RenewalStage::Proposed | RenewalStage::Negotiating | RenewalStage::Verbal => Some(RenewalStep::Proposed),
        RenewalStage::Signed => Some(RenewalStep::Signed),
        RenewalStage::Other(_) => return,
    };
}

/// A renewal offer went out.
pub(crate) fn proposed(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Commercial);
    account.renewal.trail.cite(moment.cause, moment.at);
    account.renewal.step = account.renewal.step.max(Some(RenewalStep::Proposed));
}

/// An opportunity moved.
pub(crate) fn opportunity(account: &mut Account, moment: &Moment<'_>, id: &str, stands: Prospect) {
    account.sources.hear(moment.source, Source::Pipeline);
    account.pipeline.moved(short(id), stands, moment.day);
    account.pipeline.trail.cite(moment.cause, moment.at);
}

/// The customer spoke about its budget.
pub(crate) fn budget(account: &mut Account, moment: &Moment<'_>, data: &BudgetReported) {
    account.sources.hear(moment.source, Source::Pipeline);
    let purse = match data.state {
        BudgetState::Frozen => Purse::Frozen,
        BudgetState::Concern => Purse::Concern,
        BudgetState::Confirmed => Purse::Confirmed,
        BudgetState::Increased => Purse::Increased,
        BudgetState::Other(_) => return,
    };
    if account.pipeline.budget.is_none_or(|(_, at, _)| at <= moment.at) {
        account.pipeline.budget = Some((purse, moment.at, moment.cause));
    }
}

/// A competitor came up.
pub(crate) fn rival(account: &mut Account, moment: &Moment<'_>, data: &CompetitorMentioned) {
    account.sources.hear(moment.source, Source::Pipeline);
    match data.stage {
        CompetitorStage::Evaluation => account.pipeline.evaluations.add(moment.day, moment.cause),
        CompetitorStage::Mention | CompetitorStage::Other(_) => {
            account.pipeline.mentions.add(moment.day, moment.cause);
        }
    }
}
