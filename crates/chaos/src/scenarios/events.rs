//! Events that come again, too late, too early, or that are none.

use std::time::{Duration, UNIX_EPOCH};

use bus::{Message, Role};
use bus_schema::{
    Entity, Partitions, Time,
    subject::{self, Stream},
    time::DAY_MS,
};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::{
    Broken, Context, Part, Rig, Scenario, Setup, Verdict,
    drive::{self, Load, PATIENCE},
    oracle, world,
};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "events-repeated",
        faults: &["F10"],
        about: "the same events again, across a killed router, a lost router store and a second import: one effect",
        needs_root: false,
        smoke: false,
        run: |context| repeated(context).boxed_local(),
    },
    Scenario {
        name: "events-late-and-early",
        faults: &["F11"],
        about: "events of thirty days ago count and touch nobody, events of next year are dead letters, others go on",
        needs_root: false,
        smoke: false,
        run: |context| late_and_early(context).boxed_local(),
    },
    Scenario {
        name: "poison",
        faults: &["F12"],
        about: "malformed, oversized, deep, broken text over HTTP and straight on the bus: one dead letter each at most",
        needs_root: false,
        smoke: true,
        run: |context| poison(context).boxed_local(),
    },
];

async fn repeated(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let proposal = drive::propose(&mut rig, "acme").await?;
    let calls = world::bad_days("acme", &world::champion("acme"));
    let again = async |rig: &mut Rig| rig.producer.send_until_acknowledged(&calls, PATIENCE).await;
    again(&mut rig).await?;
    rig.kill(Part::Supervisor)?;
    again(&mut rig).await?;
    rig.launch(Part::Supervisor)?;
    again(&mut rig).await?;
    rig.kill(Part::Gateway)?;
    rig.launch(Part::Gateway)?;
    rig.until_ready().await?;
    again(&mut rig).await?;
    rig.kill(Part::Supervisor)?;
    let store = rig.data().join("state").join("router");
    std::fs::remove_dir_all(&store).map_err(Broken::path("remove", &store))?;
    rig.launch(Part::Supervisor)?;
    rig.until_ready().await?;
    again(&mut rig).await?;
    let mut verdicts = oracle::judge(&mut rig).await?;
    let same = oracle::waiting(&mut rig, "acme").await? == Some(proposal);
    verdicts.push(Verdict::of("one-proposal", same, "the account's proposal is the one of the first time"));
    // The history is older than any window of hours.
    let before = oracle::end_of(&rig, "cs.log.*.in").await?;
    rig.stop_all().await?;
    let imported = rig.import_again().await?;
    let taken = oracle::events(&rig, Stream::Log, &["cs.log.*.in"], before + 1).await?;
    let rows = taken.iter().filter(|event| event.envelope.source.starts_with("import/")).count();
    verdicts.push(Verdict::of("import-once", rows == 0, format!("{rows} rows came in twice; it said {imported}")));
    Ok(verdicts)
}

fn now() -> Time {
    Time(i64::try_from(UNIX_EPOCH.elapsed().unwrap_or_default().as_millis()).unwrap_or(i64::MAX))
}

fn at(mut call: Value, time: Time) -> Value {
    if let Some(call) = call.as_object_mut() {
        call.insert("timestamp".into(), json!(time.to_string()));
    }
    call
}

async fn late_and_early(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let load = Load::start(&rig, Duration::from_millis(50));
    let long_ago = now().plus_ms(-30 * DAY_MS);
    let late: Vec<_> =
        world::bad_days("acme", &world::champion("acme")).into_iter().map(|call| at(call, long_ago)).collect();
    rig.producer.send_until_acknowledged(&late, PATIENCE).await?;
    let next_year = now().plus_ms(370 * DAY_MS);
    let early: Vec<_> = (0..5).map(|n| at(world::login("globex", &format!("early-{n}")), next_year)).collect();
    let dead_before = oracle::end_of_stream(&rig, Stream::Dead).await?;
    rig.producer.send_until_acknowledged(&early, PATIENCE).await?;
    for n in 0..5 {
        // They are acknowledged, and wait in DEAD with their reason.
        rig.producer.disown(&format!("early-{n}"));
    }
    let dead = rig.until("the dead letters", PATIENCE, async |rig| {
        let dead = oracle::end_of_stream(rig, Stream::Dead).await? - dead_before;
        Ok((dead >= 5).then_some(dead))
    });
    let dead = dead.await?;
    load.stop(&mut rig).await?;
    let mut verdicts = vec![Verdict::of("one-dead-letter", dead == 5, format!("{dead} dead letters of 5 events"))];
    let log = oracle::events(&rig, Stream::Log, &["cs.log.*.in"], rig.log_start() + 1).await?;
    let stamped = log.iter().filter(|event| event.envelope.id.starts_with("acme-") && event.envelope.late).count();
    let detail = format!("{stamped} of {} late events are stamped so", late.len());
    verdicts.push(Verdict::of("stamped-late", stamped == late.len(), detail));
    verdicts.extend(oracle::judge(&mut rig).await?);
    let touched = oracle::proposals(&mut rig, "all").await?.iter().any(|(_, account)| account == "acme");
    verdicts.push(Verdict::of("late-touches-nobody", !touched, "what is a month old is no reason to write"));
    Ok(verdicts)
}

/// Bodies that are no batch of events, or a batch of what is none.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let event = |properties: String| {
        let call = r#"{"batch":[{"type":"track","messageId":"poison","userId":"u","event":"user.logged_in","#;
        format!(r#"{call}"context":{{"groupId":"acme"}},"properties":{properties}}}]}}"#).into_bytes()
    };
    let deep = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let many: Vec<String> = (0..100_000).map(|n| format!(r#""k{n}":1"#)).collect();
    vec![
        ("nothing", Vec::new()),
        ("half a body", br#"{"batch":[{"type":"tra"#.to_vec()),
        ("no json", b"<html>".to_vec()),
        ("no batch", br#"{"batch":7}"#.to_vec()),
        ("bad utf-8", b"{\"batch\":[{\"type\":\"track\",\"userId\":\"\xff\xfe\"}]}".to_vec()),
        ("a zero byte", b"{\"batch\":[\0]}".to_vec()),
        ("no number", event(r#"{"n":NaN}"#.into())),
        ("an endless number", event(r#"{"n":1e999}"#.into())),
        ("deep", event(deep(60))),
        ("very deep", event(deep(20_000))),
        ("oversized", event(format!(r#"{{"text":"{}"}}"#, "x".repeat(300 * 1024)))),
        ("huge", vec![b' '; 6 * 1024 * 1024]),
        ("many keys", event(format!("{{{}}}", many.join(",")))),
        ("twice the same key", event(r#"{"user":"a","user":"b"}"#.into())),
    ]
}

/// Messages that a producer on the bus may send by mistake.
fn messages() -> Vec<Message> {
    let acme = Entity::account("acme");
    let p = Partitions::default().of(&acme);
    let good = br#"{"specversion":"1.0","type":"user.logged_in","source":"x","id":"1"}"#.to_vec();
    let single = |body: Vec<u8>| Message::new(subject::event(&acme), body);
    let batch = |body: Vec<u8>, index: &str| {
        Message::new(subject::in_batch(p), body)
            .with_header(bus::HEADER_CONTENT_TYPE, bus::CONTENT_TYPE_BATCH)
            .with_header(bus_schema::batch::HEADER_INDEX, index)
    };
    vec![
        single(Vec::new()),
        single(b"\0\xff\xfe".to_vec()),
        single(b"[]".to_vec()),
        single(good.clone()),
        single(vec![b'['; 100_000]),
        single(format!(r#"{{"a":"{}"}}"#, "x".repeat(400 * 1024)).into_bytes()),
        batch(good.clone(), ""),
        batch(good.clone(), "no base64"),
        batch(good, "AAAAAAAA/////w=="),
        batch(Vec::new(), ""),
        Message::new(subject::in_batch(p), b"no header".to_vec()),
    ]
}

async fn poison(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let load = Load::start(&rig, Duration::from_millis(50));
    let before = oracle::end_of_stream(&rig, Stream::Dead).await?;
    let mut verdicts = Vec::new();
    let mut taken = 0;
    for (what, body) in bodies() {
        let answer = rig.producer.send_raw("/v1/batch", body).await;
        let (answered, detail) = match answer {
            Ok((status, _)) if status.is_success() => {
                taken += 1;
                (true, format!("{what}: {status}"))
            }
            Ok((status, text)) => (status.is_client_error(), format!("{what}: {status} {text}")),
            // A body beyond the limit may be cut off while it is sent.
            Err(error) => (what == "huge", format!("{what}: {}", error.chain())),
        };
        verdicts.push(Verdict::of("answered", answered, detail));
    }
    let messages = messages();
    let sent = u64::try_from(messages.len()).unwrap_or(u64::MAX);
    let bus = rig.nats.connect(Role::Gateway).await?;
    for message in messages {
        let stored = bus.publish(message, None).await;
        if let Err(error) = stored {
            return Err(Broken::Answer { asked: "the bus, for a poisoned message".into(), answer: error.to_string() });
        }
    }
    bus.close().await;
    load.stop(&mut rig).await?;
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    let dead = oracle::end_of_stream(&rig, Stream::Dead).await? - before;
    let detail = format!("{dead} dead letters of {sent} messages and {taken} bodies");
    verdicts.push(Verdict::of("one-dead-letter", dead > 0 && dead <= sent + taken, detail));
    for label in rig.labels() {
        rig.process(&label)?.lives()?;
    }
    Ok(verdicts)
}
