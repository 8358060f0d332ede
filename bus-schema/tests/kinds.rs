//! The table of kinds: codes, names, origins.

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{Kind, Origin, data::Data};

/// What happened, or a state, in words that do not end in `ed`.
const IRREGULAR: &[&str] = &[
    "baseline",
    "covers",
    "due",
    "found",
    "given",
    "held",
    "left",
    "live",
    "lost",
    "made",
    "overdue",
    "paid",
    "sent",
    "shown",
    "set",
    "undone",
    "unknown",
    "withdrawn",
    "won",
];

#[test]
fn codes_and_names_are_unique_and_lead_back_to_their_kind() {
    let codes: BTreeSet<u16> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(codes.len(), Kind::ALL.len());
    assert_eq!(names.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        assert_eq!(Kind::from_code(kind.code()), Some(*kind));
        assert_eq!(Kind::from_name(kind.name()), Some(*kind));
    }
    assert_eq!(Kind::from_code(0), None);
    assert_eq!(Kind::from_name("nothing.happened"), None);
}

#[test]
fn names_are_a_noun_and_what_happened() {
    let word = |text: &str| {
        !text.is_empty() && text.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
    };
    for kind in Kind::ALL {
        let (noun, past) = kind.name().split_once('.').unwrap();
        assert!(word(noun) && word(past), "{kind}");
        let happened = past.split('_').any(|part| part.ends_with("ed") || IRREGULAR.contains(&part));
        assert!(happened, "{kind}: is `{past}` what happened?");
    }
}

#[test]
fn codes_stand_in_the_range_of_their_origin() {
    for kind in Kind::ALL {
        let range = match kind.origin() {
            Origin::Input => 1..500,
            Origin::People => 500..550,
            Origin::Action => 550..600,
            Origin::Router | Origin::Agent(_) | Origin::AnyAgent => 600..u16::MAX,
        };
        assert!(range.contains(&kind.code()), "{kind} has code {}", kind.code());
    }
}

/// A code is never used again: these are the codes that logs hold by now.
#[test]
fn codes_in_use_keep_their_names() {
    let fixed = BTreeMap::from([
        (1, "account.created"),
        (43, "user.logged_in"),
        (45, "usage.recorded"),
        (100, "ticket.opened"),
        (180, "contract.signed"),
        (202, "invoice.payment_failed"),
        (500, "decision.recorded"),
        (550, "delivery.approved"),
        (600, "clock.ticked"),
    ]);
    for (code, name) in fixed {
        assert_eq!(Kind::from_code(code).map(Kind::name), Some(name));
    }
}

#[test]
fn empty_data_is_an_error_that_names_the_field_or_is_allowed_by_the_schema() {
    for kind in Kind::ALL {
        let schema = bus_schema::schema::incoming(*kind);
        let required = schema.get("required").and_then(|names| names.as_array()).map_or(0, Vec::len);
        match Data::from_json(*kind, "{}") {
            Ok(data) => {
                assert_eq!(required, 0, "{kind} takes empty data");
                assert_eq!(data.kind(), *kind);
            }
            Err(error) => assert!(error.to_string().starts_with("missing field `"), "{kind}: {error}"),
        }
    }
}
