//! What money of other currencies is worth in the reporting currency, as a policy says.

use std::collections::BTreeMap;

use bus_schema::{Currency, Money};
use serde::Deserialize;

/// What one unit of a currency is worth.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// In millionths of a US dollar.
    pub millionths: i64,
    /// Digits of its minor unit.
    pub digits: u32,
}

/// An amount in US cents; none where the currency has no rate, which is never 1:1.
pub fn us_cents(rates: &BTreeMap<Currency, Rate>, money: Money) -> Option<i64> {
    let rate = rates.get(&money.currency)?;
    let unit = 10_i128.checked_pow(rate.digits)?;
    let cents = i128::from(money.minor) * i128::from(rate.millionths) * 100 / (unit * 1_000_000);
    i64::try_from(cents).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_other_currencies_count_by_their_rate_and_digits() {
        let (eur, jpy) = (Currency::new("EUR").unwrap(), Currency::new("JPY").unwrap());
        let rates = BTreeMap::from([
            (eur, Rate { millionths: 1_080_000, digits: 2 }),
            (jpy, Rate { millionths: 6_700, digits: 0 }),
        ]);
        assert_eq!(us_cents(&rates, Money { minor: 10_000, currency: eur }), Some(10_800));
        assert_eq!(us_cents(&rates, Money { minor: 10_000, currency: jpy }), Some(6_700));
        assert_eq!(us_cents(&rates, Money { minor: 10_000, currency: Currency::USD }), None);
    }
}
