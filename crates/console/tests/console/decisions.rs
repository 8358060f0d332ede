//! Decisions: what is recorded, who wins, what the other is told.

use bus_schema::{
    Data, Entity, Partitions,
    data::people::Verdict,
    subject::{self, Stream},
};
use data_encoding::BASE64;
use mainstay_console::Readiness;
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{self, Running, Wanted, world};

const CARD: &str = "kestrel";

async fn started(wanted: Wanted) -> (Running, String) {
    let running = Running::start(wanted).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let cookie = running.sign_in().await;
    (running, cookie)
}

async fn post(running: &Running, cookie: &str, act: &str, form: &[(&str, &str)]) -> Response {
    let url = format!("{}/cards/{}/{act}", running.url, world::proposal(CARD));
    let request = Running::stranger().post(url).header("cookie", cookie).header("sec-fetch-site", "same-origin");
    support::with_form(request, form).send().await.expect("an answer")
}

async fn get(running: &Running, cookie: &str, path: &str) -> String {
    let url = format!("{}{path}", running.url);
    Running::stranger().get(url).header("cookie", cookie).send().await.expect("an answer").text().await.expect("text")
}

const SEEN: [(&str, &str); 2] = [("version", "1"), ("draft_hash", "d1")];

fn subject_of(account: &str) -> String {
    subject::people_proposal(Partitions::default().of(&Entity::account(account)), &world::proposal(account))
}

#[tokio::test]
async fn an_approval_binds_the_exact_bytes_and_is_held() {
    let (running, cookie) = started(Wanted::default()).await;
    let answer = post(&running, &cookie, "approve", &SEEN).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let stored = running.log.bus.last(Stream::People, &subject_of(CARD)).await.unwrap().unwrap();
    let (_, event) = support::event_of(&stored);
    let Data::DecisionRecorded(decision) = &event.data else { panic!("{event:?}") };
    assert_eq!((decision.verdict, decision.edited, decision.version), (Verdict::Approve, false, 1));
    assert_eq!(event.header.actor.as_ref().unwrap().to_string(), "person/local");
    let personal = support::personal_of(&stored);
    let bytes = BASE64.decode(personal["message"].as_str().unwrap().as_bytes()).unwrap();
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
    assert_eq!(decision.bytes_hash.as_ref().unwrap().as_str(), hash);
    let mail = String::from_utf8(bytes).unwrap();
    assert!(
        mail.contains("To: \"Dana Reyes\" <dana@kestrel.example>")
            || mail.contains("To: Dana Reyes <dana@kestrel.example>"),
        "{mail}"
    );
    assert!(mail.contains("Hello Dana,\r\n") && mail.contains("List-Unsubscribe: <http://127.0.0.1:"), "{mail}");
    assert!(!mail.contains("{{"), "{mail}");
    assert_eq!(personal["recipient"], "dana@kestrel.example");
    let page = get(&running, &cookie, &to).await;
    assert!(page.contains("Approved <b>Kestrel Mutual</b>, 3 left, undo with U"), "{page}");
    assert!(page.contains("Sends in <strong data-until=") && page.contains("Not sent yet"), "the toast");
    running.stop().await;
}

#[tokio::test]
async fn of_two_deciders_one_wins_and_the_other_is_told_who() {
    let (running, cookie) = started(Wanted::default()).await;
    let (one, two) = tokio::join!(post(&running, &cookie, "approve", &SEEN), post(&running, &cookie, "approve", &SEEN));
    let mut statuses = [one.status(), two.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let loser = if one.status() == StatusCode::CONFLICT { one } else { two };
    let page = loser.text().await.unwrap();
    assert!(page.contains("You approved version 1, "), "{page}");
    assert!(page.contains("Yours was not recorded"), "{page}");
    assert_eq!(running.said_by_people().await, 1);
    // Somebody who wrote their own words sees them beside what was approved.
    let own = [SEEN[0], SEEN[1], ("subject", "s"), ("body", "Hello {{contact.first_name}},\n\nmy own words.")];
    let late = post(&running, &cookie, "edit", &own).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.unwrap();
    assert!(page.contains("Their text compared with yours") && page.contains("<span>Hello Dana,</span>"), "{page}");
    assert!(page.contains("<ins>my own words.</ins>") && page.contains("my own words.</textarea>"), "{page}");
    // A program is told the same.
    let url = format!("{}/api/v1/proposals/{}/reject", running.url, world::proposal(CARD));
    let api = Running::stranger()
        .post(url)
        .bearer_auth("api-token")
        .json(&json!({ "reason": "other" }))
        .send()
        .await
        .unwrap();
    assert_eq!(api.status(), StatusCode::CONFLICT);
    let body: Value = api.json().await.unwrap();
    assert_eq!(
        (&body["code"], &body["by"], &body["verdict"]),
        (&json!("decided"), &json!("person/local"), &json!("approve"))
    );
    running.stop().await;
}

#[tokio::test]
async fn an_edit_is_recorded_as_one_and_a_wrong_one_keeps_the_text() {
    let (running, cookie) = started(Wanted::default()).await;
    let wrong = [SEEN[0], SEEN[1], ("subject", "Hello"), ("body", "Dear {{contact.shoe_size}} <b>")];
    let answer = post(&running, &cookie, "edit", &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("nothing is known to fill {{contact.shoe_size}} with"), "{page}");
    assert!(page.contains("Dear {{contact.shoe_size}} &lt;b&gt;</textarea>"), "the text is kept: {page}");
    assert_eq!(running.said_by_people().await, 0);
    let right = [
        SEEN[0],
        SEEN[1],
        ("subject", "Hello"),
        ("body", "Dear {{contact.first_name}},\r\nshort."),
        ("note", "too long"),
    ];
    assert_eq!(post(&running, &cookie, "edit", &right).await.status(), StatusCode::SEE_OTHER);
    let stored = running.log.bus.last(Stream::People, &subject_of(CARD)).await.unwrap().unwrap();
    let (_, event) = support::event_of(&stored);
    let Data::DecisionRecorded(decision) = &event.data else { panic!("{event:?}") };
    assert!(decision.edited);
    let personal = support::personal_of(&stored);
    assert_eq!((&personal["body"], &personal["note"]), (&json!("Dear Dana,\nshort."), &json!("too long")));
    running.stop().await;
}

#[tokio::test]
async fn an_undo_opens_the_card_again_and_it_can_be_decided_anew() {
    let (running, cookie) = started(Wanted::default()).await;
    assert_eq!(post(&running, &cookie, "undo", &[]).await.status(), StatusCode::CONFLICT, "nothing is held");
    assert_eq!(post(&running, &cookie, "approve", &SEEN).await.status(), StatusCode::SEE_OTHER);
    let undone = post(&running, &cookie, "undo", &[]).await;
    assert_eq!(undone.status(), StatusCode::SEE_OTHER);
    let page = get(&running, &cookie, undone.headers()[header::LOCATION].to_str().unwrap()).await;
    assert!(page.contains("Stopped. It was not sent") && page.contains("The card waits again"), "{page}");
    let reject = [SEEN[0], SEEN[1], ("reason", "bad_timing"), ("note", "on holiday")];
    let rejected = post(&running, &cookie, "reject", &reject).await;
    assert_eq!(rejected.status(), StatusCode::SEE_OTHER);
    let page = get(&running, &cookie, rejected.headers()[header::LOCATION].to_str().unwrap()).await;
    assert!(page.contains("Rejected <b>Kestrel Mutual</b>. Nothing was sent."), "{page}");
    assert_eq!(running.said_by_people().await, 3);
    running.stop().await;
}

#[tokio::test]
async fn an_undo_that_came_too_late_is_not_called_a_stop() {
    // Without the gate the test decides when what is signed.
    let (running, cookie) = started(Wanted { gate: false, ..Wanted::default() }).await;
    let id = world::proposal(CARD);
    let now = support::now();
    let say = |kind, data| support::Said {
        writer: "supervisor",
        kind,
        account: CARD,
        at: now,
        data,
        personal: Value::Null,
        contact: None,
    };
    let held = json!({ "proposal": id, "version": 1, "verdict": "approve", "by": "person/ana", "edited": false, "hold_until": now, "decision": "1.0" });
    let last = running.log.say(say("proposal.decided", held)).await;
    running.reached(last).await;
    let undo = post(&running, &cookie, "undo", &[]);
    let sign = async {
        // The gate signs while the undo is on its way.
        let mut seen = 0;
        while seen == 0 {
            seen = running.said_by_people().await;
            tokio::task::yield_now().await;
        }
        running
            .log
            .say(support::Said {
                writer: "outcome",
                ..say("delivery.intended", json!({ "proposal": id, "deadline": now }))
            })
            .await;
    };
    let (answer, ()) = tokio::join!(undo, sign);
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Too late: it is being sent") && page.contains("It can no longer be stopped"), "{page}");
    running.stop().await;
}

#[tokio::test]
async fn stale_expired_and_void_cards_say_so_and_keep_the_text() {
    let (running, cookie) = started(Wanted { gate: false, ..Wanted::default() }).await;
    let edit = |version: &'static str| {
        [("version", version), ("draft_hash", "d1"), ("subject", "s"), ("body", "My own words 💡")]
    };
    let moved = post(&running, &cookie, "edit", &edit("7")).await;
    assert_eq!(moved.status(), StatusCode::CONFLICT);
    let page = moved.text().await.unwrap();
    assert!(
        page.contains("The draft changed since you opened this card") && page.contains("My own words 💡</textarea>"),
        "{page}"
    );
    let id = world::proposal(CARD);
    let say = |kind, data| support::Said {
        writer: "supervisor",
        kind,
        account: CARD,
        at: support::now(),
        data,
        personal: Value::Null,
        contact: None,
    };
    let void = json!({ "proposal": id, "reason": "band_changed", "event": "3.0" });
    running.reached(running.log.say(say("proposal.voided", void)).await).await;
    let gone = post(&running, &cookie, "edit", &edit("1")).await;
    assert_eq!(gone.status(), StatusCode::GONE);
    let page = gone.text().await.unwrap();
    assert!(page.contains("Reason: band changed, event 3.0.") && page.contains("My own words 💡</textarea>"), "{page}");
    running
        .reached(
            running.log.say(say("proposal.expired", json!({ "proposal": id, "expired_at": support::now() }))).await,
        )
        .await;
    let gone = post(&running, &cookie, "approve", &SEEN).await;
    assert_eq!(gone.status(), StatusCode::GONE);
    assert!(gone.text().await.unwrap().contains("Nothing was sent"));
    assert_eq!(running.said_by_people().await, 0);
    running.stop().await;
}

#[tokio::test]
async fn a_bus_that_forgets_takes_no_approvals_but_rejections() {
    let volatile = Readiness { ready: true, durable: false, ..Readiness::default() };
    let (running, cookie) = started(Wanted { readiness: volatile, ..Wanted::default() }).await;
    let answer = post(&running, &cookie, "approve", &SEEN).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().await.unwrap().contains("--allow-volatile-bus"));
    let page = get(&running, &cookie, "/inbox").await;
    assert!(page.contains("Decisions are paused") && page.contains("id=\"approve\" disabled"), "{page}");
    assert_eq!(running.said_by_people().await, 0);
    running.readiness.send_modify(|readiness| readiness.allow_volatile = true);
    assert_eq!(post(&running, &cookie, "approve", &SEEN).await.status(), StatusCode::SEE_OTHER);
    running.stop().await;
}

#[tokio::test]
async fn a_lost_answer_records_once() {
    let (running, cookie) = started(Wanted::default()).await;
    running.memory.fail_next("cs.people.>", bus::memory::Fault::LoseAck);
    assert_eq!(post(&running, &cookie, "approve", &SEEN).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(running.said_by_people().await, 1);
    running.stop().await;
}

#[tokio::test]
async fn unknown_proposals_and_bad_bodies_have_clear_answers() {
    let (running, _) = started(Wanted::default()).await;
    let api = |path: &str, body: Value| {
        let request = Running::stranger().post(format!("{}/api/v1/{path}", running.url)).bearer_auth("api-token");
        request.json(&body).send()
    };
    let missing = api("proposals/nope/approve", json!({})).await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.json::<Value>().await.unwrap()["message"], "there is no proposal `nope`");
    let id = world::proposal(CARD);
    let bad = api(&format!("proposals/{id}/reject"), json!({ "reason": "mood" })).await.unwrap();
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    assert!(bad.json::<Value>().await.unwrap()["message"].as_str().unwrap().contains("wrong_facts"));
    let unknown = api(&format!("proposals/{id}/approve"), json!({ "text": "x" })).await.unwrap();
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
    let get = Running::stranger().get(format!("{}/api/v1/proposals?state=gone", running.url)).bearer_auth("api-token");
    assert_eq!(get.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    for (query, says) in [("proposals?sate=held", "sate"), ("accounts/kestrel/events?limit=many", "limit")] {
        let url = format!("{}/api/v1/{query}", running.url);
        let answer = Running::stranger().get(url).bearer_auth("api-token").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        let answer: Value = answer.json().await.expect("an error of the API's own form");
        assert_eq!(answer["code"], "bad_query", "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says) && answer["cure"].is_string(), "{answer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn while_the_bus_is_away_all_can_be_read_and_nothing_is_decided() {
    let (running, cookie) = started(Wanted::default()).await;
    running.memory.set_away(true);
    let page = get(&running, &cookie, "/inbox").await;
    assert!(page.contains("Decisions are paused") && page.contains("nothing is sent and nothing is lost"), "{page}");
    assert!(page.contains("id=\"approve\" disabled"), "{page}");
    for (path, shown) in
        [("/portfolio", "Kestrel Mutual"), ("/accounts/kestrel", "Kestrel Mutual"), ("/operator", "Deliveries")]
    {
        assert!(get(&running, &cookie, path).await.contains(shown), "{path}");
    }
    let refused = post(&running, &cookie, "approve", &SEEN).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().await.unwrap().contains("No decision was recorded"));
    let ready = Running::stranger().get(format!("{}/readyz", running.url)).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    running.memory.set_away(false);
    assert_eq!(running.said_by_people().await, 0);
    assert_eq!(post(&running, &cookie, "approve", &SEEN).await.status(), StatusCode::SEE_OTHER);
    running.stop().await;
}
