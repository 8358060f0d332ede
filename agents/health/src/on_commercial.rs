//! Yearly recurring revenue, as the profile reads it from contracts and subscriptions.

use crate::{metrics::Source, moment::Moment, state::Account};

/// A contract or subscription said what the account pays.
pub(crate) fn revenue(account: &mut Account, moment: &Moment<'_>) {
    account.sources.hear(moment.source, Source::Commercial);
    if let Some(arr) = account.profile.arr {
        account.commercial.record(arr, moment.day, moment.cause, moment.at);
    }
}
