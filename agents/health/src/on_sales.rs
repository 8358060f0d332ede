//! What vendors sell.

use bus_schema::data::vendor::{CancelledBy, OrderCancelled, OrderFulfilled, OrderPlaced, RatingReceived, SalesSummed};

use crate::{
    metrics::Source,
    moment::Moment,
    state::{Account, Sales, short},
};

fn sales<'a>(account: &'a mut Account, moment: &Moment<'_>) -> &'a mut Sales {
    account.sources.hear(moment.source, Source::Sales);
    account.sales.get_or_insert_default()
}

/// A listing went live.
pub(crate) fn published(account: &mut Account, moment: &Moment<'_>, listing: &str) {
    let sales = sales(account, moment);
    sales.publish(short(listing), moment.day);
    sales.listings_trail.cite(moment.cause, moment.at);
}

/// A listing was taken down.
pub(crate) fn delisted(account: &mut Account, moment: &Moment<'_>, listing: &str) {
    let sales = sales(account, moment);
    sales.delist(short(listing), moment.day);
    sales.listings_trail.cite(moment.cause, moment.at);
}

/// An order.
pub(crate) fn ordered(account: &mut Account, moment: &Moment<'_>, data: &OrderPlaced) {
    let sales = sales(account, moment);
    sales.order(moment.day, data.amount.minor, data.amount.currency);
    sales.orders_trail.cite(moment.cause, moment.at);
}

/// A day's sums. One of a day that is not there yet is a mistake and would push the others out.
pub(crate) fn summed(account: &mut Account, moment: &Moment<'_>, data: &SalesSummed) {
    let sales = sales(account, moment);
    if data.day > moment.day.plus(1) {
        return;
    }
    sales.sum(data.day, data.orders, data.gross.minor, data.gross.currency);
    sales.orders_trail.cite(moment.cause, moment.at);
}

/// An order reached the buyer.
pub(crate) fn fulfilled(account: &mut Account, moment: &Moment<'_>, data: &OrderFulfilled) {
    let sales = sales(account, moment);
    sales.finish(moment.day, data.on_time);
    sales.finished_trail.cite(moment.cause, moment.at);
}

/// An order was called off; only the vendor's own doing speaks of the vendor.
pub(crate) fn called_off(account: &mut Account, moment: &Moment<'_>, data: &OrderCancelled) {
    let sales = sales(account, moment);
    match data.by {
        CancelledBy::Vendor => {
            sales.finish(moment.day, false);
            sales.finished_trail.cite(moment.cause, moment.at);
        }
        CancelledBy::Buyer | CancelledBy::Platform | CancelledBy::Other(_) => {}
    }
}

/// A buyer rated the vendor. The words are the buyer's, so their tone is not the customer's.
pub(crate) fn rated(account: &mut Account, moment: &Moment<'_>, data: &RatingReceived) {
    let sales = sales(account, moment);
    sales.rate(moment.day, data.rating);
    sales.ratings_trail.cite(moment.cause, moment.at);
}
