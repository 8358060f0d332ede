//! Bands at their edges, in hours.

use agent::Agent;
use bus_schema::{Time, data::facts::Band, time::HOUR_MS};

use super::{BandState, advance, dwell_ends};
use crate::{Health, Policy};

/// Scores at hours, with a coverage; the bands after each.
#[track_caller]
fn bands(steps: &[(i64, i64, i64, Band)]) {
    let rules = Policy::read(Health::DEFAULT_POLICY).unwrap().band;
    let mut state = BandState::default();
    for (hour, score, coverage, expected) in steps {
        state = advance(&rules, state, *score, *coverage, Time(hour * HOUR_MS));
        assert_eq!(state.band, *expected, "at hour {hour} with {score} and {coverage}: {state:?}");
    }
}

#[test]
fn the_first_known_score_takes_its_band_at_once() {
    for (score, band) in [
        (10_000, Band::Green),
        (9_000, Band::Green),
        (8_999, Band::Yellow),
        (7_000, Band::Yellow),
        (6_999, Band::Red),
        (0, Band::Red),
    ] {
        bands(&[(0, score, 10_000, band)]);
        bands(&[(0, score, 3_999, Band::Unknown)]);
    }
}

#[test]
fn little_known_is_never_green_and_less_is_no_band() {
    bands(&[(0, 9_800, 5_999, Band::Yellow), (1, 9_800, 6_000, Band::Yellow), (73, 9_800, 6_000, Band::Green)]);
    bands(&[
        (0, 9_800, 6_000, Band::Green),
        (1, 9_800, 5_999, Band::Yellow),
        (2, 9_800, 3_999, Band::Unknown),
        (3, 6_000, 4_000, Band::Red),
    ]);
    bands(&[(0, 9_800, 6_000, Band::Green), (1, 6_000, 5_999, Band::Red)]);
}

#[test]
fn up_takes_three_days_well_above_the_edge() {
    bands(&[
        (0, 6_900, 10_000, Band::Red),
        (1, 7_299, 10_000, Band::Red),
        (200, 7_299, 10_000, Band::Red),
        (201, 7_300, 10_000, Band::Red),
        (272, 7_300, 10_000, Band::Red),
        (273, 7_300, 10_000, Band::Yellow),
    ]);
    // A step back starts the wait anew.
    bands(&[
        (0, 8_000, 10_000, Band::Yellow),
        (1, 9_400, 10_000, Band::Yellow),
        (60, 9_299, 10_000, Band::Yellow),
        (61, 9_400, 10_000, Band::Yellow),
        (132, 9_400, 10_000, Band::Yellow),
        (133, 9_400, 10_000, Band::Green),
    ]);
    bands(&[(0, 5_000, 10_000, Band::Red), (1, 9_400, 10_000, Band::Red), (73, 9_400, 10_000, Band::Green)]);
    bands(&[(0, 5_000, 10_000, Band::Red), (1, 9_100, 10_000, Band::Red), (73, 9_100, 10_000, Band::Yellow)]);
}

#[test]
fn down_is_at_once_when_it_is_sure_and_a_day_later_near_the_edge() {
    bands(&[(0, 9_500, 10_000, Band::Green), (1, 8_700, 10_000, Band::Yellow)]);
    bands(&[
        (0, 9_500, 10_000, Band::Green),
        (1, 8_701, 10_000, Band::Green),
        (24, 8_701, 10_000, Band::Green),
        (25, 8_701, 10_000, Band::Yellow),
    ]);
    bands(&[
        (0, 9_500, 10_000, Band::Green),
        (1, 8_701, 10_000, Band::Green),
        (20, 9_000, 10_000, Band::Green),
        (26, 8_990, 10_000, Band::Green),
    ]);
    bands(&[(0, 9_500, 10_000, Band::Green), (1, 6_700, 10_000, Band::Red)]);
    // Sure of having left green, near the edge of red.
    bands(&[
        (0, 9_500, 10_000, Band::Green),
        (1, 6_800, 10_000, Band::Yellow),
        (24, 6_800, 10_000, Band::Yellow),
        (25, 6_800, 10_000, Band::Red),
    ]);
}

#[test]
fn a_dwell_ends_at_its_hour() {
    let rules = Policy::read(Health::DEFAULT_POLICY).unwrap().band;
    let green = advance(&rules, BandState::default(), 9_500, 10_000, Time(0));
    assert_eq!(dwell_ends(&rules, green), None);
    let leaving = advance(&rules, green, 8_900, 10_000, Time(HOUR_MS));
    assert_eq!(dwell_ends(&rules, leaving), Some(Time(25 * HOUR_MS)));
    let red = advance(&rules, BandState::default(), 5_000, 10_000, Time(0));
    let rising = advance(&rules, red, 8_000, 10_000, Time(HOUR_MS));
    assert_eq!(dwell_ends(&rules, rising), Some(Time(73 * HOUR_MS)));
}
