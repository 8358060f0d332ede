use agent::{Agent, Effects, Input, PolicyError, Turn};
use bus_schema::{
    Data, Kind,
    data::facts::{StageChanged, TurnReleased},
};
use serde::{Deserialize, Serialize};

use super::*;

/// Says how many silent days it has counted; owns nothing.
struct Counter;

#[derive(Default, Serialize, Deserialize)]
struct Days(u32);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Every {
    hours: i64,
}

impl Agent for Counter {
    const NAME: &'static str = "supervisor";
    const READS: &'static [Kind] = &[Kind::CsmAssigned, Kind::ContactLeft];
    const EMITS: &'static [Kind] = &[Kind::StageChanged];
    const FOLD_VERSION: u32 = 1;
    const DEFAULT_POLICY: &'static str = "hours = 24";
    type Policy = Every;
    type State = Days;

    fn policy(text: &str) -> Result<Every, PolicyError> {
        agent::policy::parse(text)
    }

    fn step(turn: &Turn<'_>, policy: &Every, state: &mut Days, input: Input<'_>, effects: &mut Effects) {
        match input {
            Input::Event(event) if event.kind() == Kind::ContactLeft => {
                effects.cancel_timer("day");
                effects.emit(Data::TurnReleased(TurnReleased { agent: "x".into(), by: "x".into() }));
            }
            Input::Event(_) => effects.set_timer("day", turn.now.plus_ms(policy.hours * 3_600_000)),
            Input::Timer(_) => {
                state.0 += 1;
                let reason = format!("{} days, since {}", state.0, turn.cause);
                effects.emit(Data::StageChanged(StageChanged { from: None, to: "day".into(), reason }));
                effects.set_timer("day", turn.now.plus_ms(policy.hours * 3_600_000));
            }
        }
    }
}

const BEGIN: &str = r#"
title = "LC-1: days are counted"
given = [{ at = "2026-01-01T00:00:00Z", event = "csm.assigned", csm = "jo", as = "first" }]
"#;

fn outcome(rest: &str) -> Result<usize, String> {
    check_text::<Counter>(&format!("{BEGIN}\n{rest}")).map_err(|e| e.to_string())
}

#[test]
fn timers_fire_at_their_own_time_between_two_steps() {
    let three = r#"
        when = [{ at = "+50h", tick = true }]
        then = [
            { fact = "stage.changed", at = "2026-01-02T00:00:00Z", reason = "1 days, *", absent = ["from"] },
            { fact = "stage.changed", to = "day", reason = "2 *, since 3.0" },
        ]"#;
    assert_eq!(outcome(three).unwrap(), 1);
    assert_eq!(outcome("policy = { hours = 60 }\nwhen = [{ at = \"+50h\", tick = true }]\nthen = []").unwrap(), 1);
    let slower = r#"
        when = [{ at = "+1h", policy = { hours = 60 } }, { at = "+80h", tick = true }]
        then = [{ fact = "stage.changed", at = "2026-01-02T00:00:00Z" }]"#;
    assert_eq!(outcome(slower).unwrap(), 1, "the next timer is set by the policy that came into force");
}

#[test]
fn facts_that_are_missing_too_many_or_different_fail() {
    let when = "when = [{ at = \"+24h\", tick = true }]\n";
    for (then, why) in [
        ("then = []", "0 facts expected, 1 said"),
        (r#"then = [{ fact = "stage.changed", reason = "2 *" }]"#, "but reason is \"1 days"),
        (r#"then = [{ fact = "stage.changed", reasn = "1 *" }]"#, "but reasn is absent"),
        (r#"then = [{ fact = "stage.changed", entity = "account/other" }]"#, "but is about account/acme"),
        (r#"then_some = [{ fact = "segment.changed" }]"#, "not said (in this order)"),
        (r#"then_none = [{ fact = "stage.changed", to = "*a*" }]"#, "should not be said"),
    ] {
        let error = outcome(&format!("{when}{then}")).unwrap_err();
        assert!(error.contains(why), "{then}: {error}");
    }
}

#[test]
fn scenarios_that_make_no_sense_are_refused_with_the_place() {
    for (rest, why) in [
        ("when = []", "`then` is missing"),
        ("when = []\nthen = []\nwhenn = []", "unknown field `whenn`"),
        ("when = [{ at = \"+1d\" }]\nthen = []", "when step 1: needs `tick = true`"),
        ("when = [{ at = \"+1d\", tick = true, policy = { hours = 9 } }]\nthen = []", "has only `at` and `policy`"),
        ("when = [{ at = \"+1d\", policy = { hous = 9 } }]\nthen = []", "hous"),
        ("when = [{ at = \"2025-01-01T00:00:00Z\", tick = true }]\nthen = []", "time does not go back"),
        ("when = [{ at = \"+1x\", tick = true }]\nthen = []", "no span"),
        ("when = [{ at = \"+1h\", event = \"csm.assigned\", csm = \"jo\", cms = \"x\" }]\nthen = []", "no field `cms`"),
        ("when = [{ at = \"+1h\", event = \"csm.asigned\" }]\nthen = []", "no kind of event"),
        ("when = [{ at = \"+1h\", event = \"nps.responded\", score = 9 }]\nthen = []", "does not read nps.responded"),
        (
            "when = [{ at = \"+1h\", event = \"contact.left\", contact = \"a\", on = \"2026-01-01\", confirmed = true }]\nthen = []",
            "turn.released, which is not in its EMITS",
        ),
    ] {
        let error = outcome(rest).unwrap_err();
        assert!(error.contains(why), "{rest}: {error}");
    }
    let error = check_text::<Counter>("title = \"days\"\nwhen = []\nthen = []").unwrap_err().to_string();
    assert!(error.contains("must begin with the capability"), "{error}");
    assert!(check::<Counter>("no/such/folder").is_err());
}

#[test]
fn then_may_be_about_some_kinds_only_and_these_must_be_said() {
    let text = |of: &str, then: &str| {
        format!(
            "title = \"SU-1: x\"\nof = [{of}]\n{then}\nwhen = [{{ at = \"2026-01-01T00:00:00Z\", event = \"csm.assigned\", csm = \"ana\" }}]"
        )
    };
    assert_eq!(check_text::<Counter>(&text("\"stage.changed\"", "then = []")).unwrap(), 1);
    let unknown = check_text::<Counter>(&text("\"segment.changed\"", "then = []")).unwrap_err().to_string();
    assert!(unknown.contains("supervisor never says `segment.changed`"), "{unknown}");
    let alone = check_text::<Counter>(&text("\"stage.changed\"", "then_none = [{ fact = \"stage.changed\" }]"));
    assert!(alone.unwrap_err().to_string().contains("there is no `then`"));
}
