//! Many people at one card, and a customer who unsubscribes while a message is on its way to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus_schema::{Data, subject::Stream};
use futures_util::{FutureExt as _, future::join_all};
use rand::Rng as _;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::sleep;

use crate::{Broken, Context, Rig, Scenario, Setup, Verdict, drive, oracle, world};

const DECISIONS: usize = 100;
/// Customers who unsubscribe, at moments around the end of the hold.
const CUSTOMERS: usize = 8;
/// Until then the hold of five seconds is over and the mail has left.
const WAY_MS: u64 = 8_000;

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "hundred-decisions",
        faults: &["F17"],
        about: "a hundred approvals, edits and rejections of one card at once: one decision stands, the others know it",
        needs_root: false,
        smoke: true,
        run: |context| hundred(context).boxed_local(),
    },
    Scenario {
        name: "unsubscribe-races-approval",
        faults: &["F19"],
        about: "customers unsubscribe around the end of the hold: a stop stored before the intent holds the mail",
        needs_root: false,
        smoke: true,
        run: |context| unsubscribe(context).boxed_local(),
    },
];

async fn hundred(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut random = context.random();
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let proposal = drive::propose(&mut rig, "acme").await?;
    let base = format!("{}/api/v1/proposals/{proposal}", rig.console()?);
    let asked = (0..DECISIONS).map(|n| {
        let (what, body) = match random.random_range(0..3) {
            0 => ("approve", json!({})),
            1 => ("approve", json!({ "subject": format!("Written by person {n}") })),
            _ => ("reject", json!({ "reason": "bad_timing" })),
        };
        let request = rig.http().post(format!("{base}/{what}")).bearer_auth(rig.token()).json(&body);
        async move { request.send().await.map(|answer| answer.status()) }
    });
    let answers = join_all(asked).await;
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for answer in answers {
        *statuses.entry(answer?.as_u16()).or_default() += 1;
    }
    let known = |status: &u16| StatusCode::from_u16(*status).is_ok_and(|s| s.is_success() || s == StatusCode::CONFLICT);
    let mut verdicts = vec![Verdict::of("answered", statuses.keys().all(known), format!("{statuses:?}"))];
    let recorded = oracle::events(&rig, Stream::People, &[], 1).await?;
    let of_card = recorded.iter().filter_map(|event| match event.envelope.event().ok()?.data {
        Data::DecisionRecorded(data) if data.proposal.as_str() == proposal => Some(data.verdict),
        _ => None,
    });
    let decisions: Vec<_> = of_card.collect();
    let one = decisions.len() == 1 && statuses.keys().any(|status| *status < 300);
    verdicts.push(Verdict::of("one-decision", one, format!("{decisions:?} recorded, answers {statuses:?}")));
    let state = oracle::until_ended(&mut rig, &proposal).await?;
    let mails = oracle::mails_of(&rig, &proposal)?;
    let right = matches!((state.as_str(), mails), ("sent", 1) | ("rejected", 0));
    verdicts.push(Verdict::of("outcome", right, format!("{state} with {mails} mails")));
    verdicts.extend(oracle::judge(&mut rig).await?);
    Ok(verdicts)
}

async fn unsubscribe(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut random = context.random();
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let mut approved = BTreeSet::new();
    for account in world::ACCOUNTS.iter().take(CUSTOMERS) {
        approved.insert(drive::propose(&mut rig, account).await?);
    }
    for proposal in &approved {
        drive::approve(&mut rig, proposal).await?;
    }
    let links = links(&rig, &approved).await?;
    let console = rig.console()?;
    let pressed = links.values().map(|token| {
        let moment = Duration::from_millis(random.random_range(0..WAY_MS));
        let request = rig.http().post(format!("{console}/u/{token}"));
        async move {
            sleep(moment).await;
            request.send().await.map(|answer| answer.status())
        }
    });
    let answers = join_all(pressed).await;
    let stopped = answers.iter().filter(|answer| answer.as_ref().is_ok_and(StatusCode::is_success)).count();
    let detail = format!("{stopped} of {CUSTOMERS} stops were confirmed");
    let mut verdicts = vec![Verdict::of("stops-confirmed", stopped == CUSTOMERS, detail)];
    let mut ends = BTreeMap::new();
    for proposal in &approved {
        ends.insert(proposal.clone(), oracle::until_ended(&mut rig, proposal).await?);
    }
    verdicts.extend(no_mail_behind_a_stop(&rig, &ends).await?);
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

/// The unsubscribe links in the messages that were approved, by proposal.
async fn links(rig: &Rig, approved: &BTreeSet<String>) -> Result<BTreeMap<String, String>, Broken> {
    let mut found = BTreeMap::new();
    for happened in oracle::events(rig, Stream::People, &[], 1).await? {
        let Ok(event) = happened.envelope.event() else { continue };
        let Data::DecisionRecorded(decision) = event.data else { continue };
        let personal = happened.envelope.open_personal();
        let message = personal.get("message").and_then(serde_json::Value::as_str).unwrap_or_default();
        let bytes = STANDARD.decode(message).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let header = text.replace("\n ", " ");
        let token = header.split_once("/u/").and_then(|(_, rest)| rest.split(['>', ' ', '\n']).next());
        if let Some(token) = token {
            found.insert(decision.proposal.as_str().to_owned(), token.to_owned());
        }
    }
    found.retain(|proposal, _| approved.contains(proposal));
    if found.len() == approved.len() {
        return Ok(found);
    }
    let answer = format!("{} of {} links", found.len(), approved.len());
    Err(Broken::Answer { asked: "the approved messages for their links".into(), answer })
}

async fn no_mail_behind_a_stop(rig: &Rig, ends: &BTreeMap<String, String>) -> Result<Vec<Verdict>, Broken> {
    let (mut stops, mut approvals, mut intents) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for happened in oracle::events(rig, Stream::Action, &["cs.>"], 1).await? {
        let Ok(event) = happened.envelope.event() else { continue };
        match event.data {
            Data::StopSet(set) => {
                stops.entry(set.scope.to_string()).or_insert(happened.seq);
            }
            Data::DeliveryApproved(data) => {
                approvals.insert(data.proposal.as_str().to_owned(), format!("address/{}", data.address_hmac.as_str()));
            }
            Data::DeliveryIntended(data) => {
                intents.insert(data.proposal.as_str().to_owned(), happened.seq);
            }
            _ => {}
        }
    }
    let mut verdicts = Vec::new();
    for (proposal, state) in ends {
        let mails = oracle::mails_of(rig, proposal)?;
        let stop = approvals.get(proposal).and_then(|scope| stops.get(scope)).copied();
        let intent = intents.get(proposal).copied();
        let held = stop.zip(intent).is_some_and(|(stop, intent)| stop < intent);
        let right = match state.as_str() {
            "sent" => mails == 1 && !held,
            // Held by the gate before it signed, or by the courier behind its intent.
            "failed" | "void" => mails == 0,
            _ => false,
        };
        let detail = format!("{state} with {mails} mails, stop {stop:?}, intent {intent:?}");
        verdicts.push(Verdict::of("stop-before-intent-holds", right, detail));
    }
    Ok(verdicts)
}
