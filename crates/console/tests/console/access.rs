//! Who may see and do what.

use mainstay_console::Readiness;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Running, Wanted, with_form, world};

#[tokio::test]
async fn without_a_session_nothing_is_shown() {
    let running = Running::start(Wanted::default()).await;
    let stranger = Running::stranger();
    for page in ["/inbox", "/portfolio", "/operator", "/accounts/a", "/cards/p", "/events", "/inbox/live"] {
        let answer = stranger.get(format!("{}{page}", running.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{page}");
        assert!(answer.headers()[header::LOCATION].to_str().unwrap().starts_with("/sign-in"), "{page}");
    }
    for page in ["accounts", "proposals", "status", "digest", "dead", "nothing"] {
        let answer = stranger.get(format!("{}/api/v1/{page}", running.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{page}");
        let body: Value = answer.json().await.unwrap();
        assert!(body["cure"].as_str().unwrap().contains("run.json"), "{body}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_link_signs_in_once_and_signing_out_ends_it() {
    let running = Running::start(Wanted::default()).await;
    let ahead = Running::stranger().head(&running.login).send().await.unwrap();
    assert!(!ahead.headers().contains_key("set-cookie"));
    let ahead = Running::stranger().get(&running.login).header("sec-purpose", "prefetch").send().await.unwrap();
    assert!(!ahead.headers().contains_key("set-cookie"));
    let cookie = running.sign_in().await;
    let again = Running::stranger().get(&running.login).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
    assert!(again.text().await.unwrap().contains("does not work any more"));
    let inbox = || Running::stranger().get(format!("{}/inbox", running.url)).header("cookie", &cookie).send();
    assert_eq!(inbox().await.unwrap().status(), StatusCode::OK);
    let out =
        Running::stranger().post(format!("{}/sign-out", running.url)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert_eq!(inbox().await.unwrap().status(), StatusCode::SEE_OTHER);
    running.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_strict_policy() {
    let running = Running::start(Wanted::default()).await;
    let cookie = running.sign_in().await;
    for page in ["/inbox", "/sign-in", "/nothing", "/healthz", "/api/v1/accounts"] {
        let url = format!("{}{page}", running.url);
        let answer = Running::stranger().get(url).header("cookie", &cookie).send().await.unwrap();
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{page}: {policy}");
        assert!(!policy.contains("unsafe"), "{page}: {policy}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{page}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let cookie = running.sign_in().await;
    let url = format!("{}/cards/{}/approve", running.url, world::proposal("kestrel"));
    let foreign = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    for (name, value) in foreign {
        let request = Running::stranger().post(&url).header("cookie", &cookie).header(name, value);
        let answer = with_form(request, &[("version", "1"), ("draft_hash", "d1")]).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(running.said_by_people().await, 0);
    running.stop().await;
}

#[tokio::test]
async fn looking_never_changes_anything() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let cookie = running.sign_in().await;
    let card = world::proposal("kestrel");
    let pages = [
        "/inbox".to_owned(),
        format!("/cards/{card}"),
        format!("/cards/{card}/approve"),
        format!("/cards/{card}/edit"),
        format!("/cards/{card}/undo"),
        format!("/cards/{card}/reject"),
        "/operator/dead/replay".into(),
        "/sign-out".into(),
        format!("/api/v1/proposals/{card}/approve"),
        "/api/v1/dead/replay".into(),
        "/inbox".into(),
    ];
    for page in pages {
        let url = format!("{}{page}", running.url);
        let answer = Running::stranger().get(url).header("cookie", &cookie).send().await.unwrap();
        assert!(!answer.status().is_server_error(), "{page}: {}", answer.status());
    }
    assert_eq!(running.said_by_people().await, 0);
    let inbox =
        Running::stranger().get(format!("{}/inbox", running.url)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(inbox.status(), StatusCode::OK, "still signed in");
    running.stop().await;
}

#[tokio::test]
async fn made_up_people_decide_on_a_demo_only() {
    let running = Running::start(Wanted::default()).await;
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let reject = || {
        let url = format!("{}/api/v1/proposals/{}/reject", running.url, world::proposal("kestrel"));
        let request = Running::stranger().post(url).bearer_auth("api-token").header("x-mainstay-simulated", "csm-3");
        request.json(&json!({ "reason": "bad_timing" })).send()
    };
    let refused = reject().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "simulated_refused");
    running.readiness.send_modify(|readiness: &mut Readiness| readiness.demo = true);
    let taken = reject().await.unwrap();
    assert_eq!(taken.status(), StatusCode::OK);
    assert_eq!(taken.json::<Value>().await.unwrap()["decision"]["by"], "simulated/csm-3");
    running.stop().await;
}
