//! What a vendor sells: listings, orders, sales, how orders went, what buyers say.

use std::collections::{BTreeSet, VecDeque};

use agent::Trail;
use bus_schema::{Currency, Day};
use serde::{Deserialize, Serialize};

use super::ring::{Ring, week};

/// Listings kept one by one; further ones are only counted.
const LISTINGS_MAX: usize = 256;
/// Blocks of 28 days that hold the most listings: a little over 180 days.
const PEAK_BLOCKS: usize = 7;
/// Days of orders: 28, and the 84 before, and as many again for days cut out.
const ORDER_DAYS: i32 = 140;
/// Weeks of sales: 13, and the same a year before.
const GROSS_WEEKS: i32 = 66;
/// Weeks of how orders went.
const FULFILMENT_WEEKS: i32 = 15;
/// Weeks of ratings.
const RATING_WEEKS: i32 = 28;

/// A vendor's sales.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sales {
    listings: BTreeSet<u32>,
    /// Active beyond those kept one by one.
    more: u32,
    /// Most active in a block of 28 days, oldest first.
    peaks: VecDeque<(i32, u32)>,
    pub(crate) listings_trail: Trail,
    orders: Ring,
    pub(crate) orders_trail: Trail,
    /// The first day that came as a sum: from then on single orders are in the sums.
    summed_from: Option<Day>,
    /// The last sum: day and sales in minor units.
    last_sum: Option<(Day, i64)>,
    /// The latest day of single orders and their sales.
    singles: Option<(Day, i64)>,
    gross: Ring,
    currency: Option<Currency>,
    first: Option<Day>,
    finished: Ring,
    good: Ring,
    pub(crate) finished_trail: Trail,
    stars: Ring,
    ratings: Ring,
    pub(crate) ratings_trail: Trail,
}

impl Sales {
    /// A listing went live.
    pub(crate) fn publish(&mut self, listing: u32, today: Day) {
        if self.listings.len() < LISTINGS_MAX {
            self.listings.insert(listing);
        } else if !self.listings.contains(&listing) {
            self.more = self.more.saturating_add(1);
        }
        self.remember_peak(today);
    }

    /// A listing was taken down.
    pub(crate) fn delist(&mut self, listing: u32, today: Day) {
        self.remember_peak(today);
        if !self.listings.remove(&listing) {
            self.more = self.more.saturating_sub(1);
        }
    }

    /// Listings active now.
    pub(crate) fn active(&self) -> i64 {
        i64::from(self.more).saturating_add(i64::try_from(self.listings.len()).unwrap_or(i64::MAX))
    }

    /// Remembers how many are active.
    pub(crate) fn remember_peak(&mut self, today: Day) {
        let active = u32::try_from(self.active()).unwrap_or(u32::MAX);
        if active == 0 {
            return;
        }
        let block = today.0.div_euclid(28);
        match self.peaks.back_mut() {
            Some((last, most)) if *last >= block => *most = active.max(*most),
            Some(_) | None => self.peaks.push_back((block, active)),
        }
        if self.peaks.len() > PEAK_BLOCKS {
            self.peaks.pop_front();
        }
    }

    /// Most listings of the last seven blocks.
    pub(crate) fn peak(&self, today: Day) -> Option<i64> {
        let from = today.0.div_euclid(28) - 7;
        self.peaks.iter().filter(|(block, _)| *block > from).map(|(_, most)| i64::from(*most)).max()
    }

    /// One order.
    pub(crate) fn order(&mut self, day: Day, minor: i64, currency: Currency) {
        self.first = Some(self.first.map_or(day, |first| first.min(day)));
        if self.summed_from.is_some_and(|from| day >= from) {
            return;
        }
        self.orders.add(day.0, 1, ORDER_DAYS);
        if self.speaks(currency) {
            self.gross.add(week(day), minor, GROSS_WEEKS);
            match &mut self.singles {
                Some((own, sum)) if *own == day => *sum = sum.saturating_add(minor),
                Some((own, _)) if *own > day => {}
                Some(_) | None => self.singles = Some((day, minor)),
            }
        }
    }

    /// A day's orders and sales in sums. Of one day the larger count stands; the last sum may be said again.
    pub(crate) fn sum(&mut self, day: Day, orders: u64, minor: i64, currency: Currency) {
        self.first = Some(self.first.map_or(day, |first| first.min(day)));
        self.summed_from = Some(self.summed_from.map_or(day, |from| from.min(day)));
        self.orders.raise(day.0, i64::try_from(orders).unwrap_or(i64::MAX), ORDER_DAYS);
        if !self.speaks(currency) {
            return;
        }
        let counted = |known: Option<(Day, i64)>| known.filter(|(own, _)| *own == day).map_or(0, |(_, sum)| sum);
        let before = counted(self.last_sum).saturating_add(counted(self.singles));
        self.gross.add(week(day), minor.saturating_sub(before), GROSS_WEEKS);
        self.singles = self.singles.filter(|(own, _)| *own != day);
        if self.last_sum.is_none_or(|(last, _)| day >= last) {
            self.last_sum = Some((day, minor));
        }
    }

    /// An order was fulfilled, or called off by the vendor.
    pub(crate) fn finish(&mut self, day: Day, good: bool) {
        self.finished.add(week(day), 1, FULFILMENT_WEEKS);
        self.good.add(week(day), i64::from(good), FULFILMENT_WEEKS);
    }

    /// A buyer's rating.
    pub(crate) fn rate(&mut self, day: Day, stars: u8) {
        self.stars.add(week(day), i64::from(stars), RATING_WEEKS);
        self.ratings.add(week(day), 1, RATING_WEEKS);
    }

    /// Orders on a day.
    pub(crate) fn on(&self, day: Day) -> i64 {
        self.orders.on(day.0)
    }

    /// Orders of the `days` days before a day.
    pub(crate) fn orders(&self, today: Day, days: i32) -> i64 {
        self.orders.sum(today.0 - days..today.0)
    }

    /// Good ones and all of the orders that ended in 13 weeks and the running one.
    pub(crate) fn fulfilled(&self, today: Day) -> (i64, i64) {
        let weeks = week(today) - 13..week(today) + 1;
        (self.good.sum(weeks.clone()), self.finished.sum(weeks))
    }

    /// Stars and ratings of 26 weeks and the running one.
    pub(crate) fn rated(&self, today: Day) -> (i64, i64) {
        let weeks = week(today) - 26..week(today) + 1;
        (self.stars.sum(weeks.clone()), self.ratings.sum(weeks))
    }

    /// Sales of the 13 complete weeks before a day; and of the same weeks a year before, or of the 13 weeks before
    /// where there was no year.
    pub(crate) fn growth(&self, today: Day) -> Option<(i64, i64, bool)> {
        let end = week(today);
        let yearly = week(self.first?) <= end - 65;
        let before = if yearly { end - 65..end - 52 } else { end - 26..end - 13 };
        Some((self.gross.sum(end - 13..end), self.gross.sum(before), yearly))
    }

    /// The currency of the first sale is the vendor's; sales in another one are not added to it.
    fn speaks(&mut self, currency: Currency) -> bool {
        *self.currency.get_or_insert(currency) == currency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_sum_takes_the_place_of_its_single_orders() {
        let mut sales = Sales::default();
        for _ in 0..3 {
            sales.order(Day(7), 1_000, Currency::USD);
        }
        sales.sum(Day(7), 5, 6_000, Currency::USD);
        sales.order(Day(7), 1_000, Currency::USD);
        sales.sum(Day(7), 6, 7_500, Currency::USD);
        sales.sum(Day(8), 1, 100, Currency::new("EUR").unwrap());
        assert_eq!((sales.on(Day(7)), sales.on(Day(8)), sales.orders(Day(9), 28)), (6, 1, 7));
        assert_eq!(sales.gross.sum(0..10), 7_500, "euros are not added to dollars");
    }

    #[test]
    fn the_first_year_is_set_against_the_weeks_before() {
        let mut sales = Sales::default();
        // Day 4 is a Monday.
        for day in 4..186 {
            sales.sum(Day(day), 1, if day < 95 { 100 } else { 200 }, Currency::USD);
        }
        let (now, before, yearly) = sales.growth(Day(186)).unwrap();
        assert!(!yearly && now == 2 * before, "{now} {before}");
        for day in 186..700 {
            sales.sum(Day(day), 1, 300, Currency::USD);
        }
        let (now, before, yearly) = sales.growth(Day(700)).unwrap();
        assert!(yearly);
        assert_eq!((now, before), (13 * 7 * 300, 13 * 7 * 300));
    }

    #[test]
    fn listings_are_counted_against_their_peak() {
        let mut sales = Sales::default();
        for listing in 0..400 {
            sales.publish(listing, Day(100));
        }
        assert_eq!(sales.active(), 400);
        for listing in 0..400 {
            sales.delist(listing, Day(101));
        }
        assert_eq!((sales.active(), sales.peak(Day(101)), sales.peak(Day(101 + 28 * 7))), (0, Some(400), None));
    }
}
