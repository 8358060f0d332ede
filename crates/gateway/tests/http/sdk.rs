//! The official Segment SDKs, unchanged but for the host: every event arrives, exactly once.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::edge::{Edge, KEY};

const NODE: &str = r"
    for (let n = 0; n < 120; n++) {
        analytics.track({ userId: 'ana', event: 'Report exported', messageId: `node-${n}`,
            properties: { n }, context: { groupId: 'acme.eu *> 💡' } });
    }
    analytics.identify({ userId: 'ana', messageId: 'node-identify', traits: { email: 'ana@acme.example' },
        context: { groupId: 'acme.eu *> 💡' } });
    analytics.group({ userId: 'ana', groupId: 'acme.eu *> 💡', messageId: 'node-group', traits: { plan: 'pro' } });
    analytics.page({ userId: 'ana', name: 'Pricing', messageId: 'node-page' });
    analytics.screen({ anonymousId: 'x1', name: 'Home', messageId: 'node-screen' });
    analytics.alias({ userId: 'ana', previousId: 'x1', messageId: 'node-alias' });
";

const PYTHON: &str = r"
for n in range(120):
    analytics.track('bo', 'user.logged_in', {'n': n}, context={'groupId': 'acme.eu *> 💡'}, message_id=f'python-{n}')
analytics.identify('bo', {'email': 'bo@acme.example'}, message_id='python-identify')
analytics.group('bo', 'acme.eu *> 💡', {'plan': 'pro'}, message_id='python-group')
analytics.page('bo', 'Docs', 'Start', {}, message_id='python-page')
analytics.screen('bo', 'App', 'Home', {}, message_id='python-screen')
analytics.alias('x2', 'bo', message_id='python-alias')
";

/// Events by id; panics on a repeated id.
async fn by_id(edge: &Edge) -> BTreeMap<String, Value> {
    let mut events = BTreeMap::new();
    for event in edge.events().await {
        let id = event["id"].as_str().unwrap().to_owned();
        assert!(events.insert(id.clone(), event).is_none(), "{id} arrived twice");
    }
    events
}

async fn check(name: &str, usage: &str, send: impl FnOnce(&str, &str) + Send + 'static) {
    let edge = Edge::start().await;
    let url = edge.url.clone();
    tokio::task::spawn_blocking(move || send(&url, KEY)).await.unwrap();
    let mut events = by_id(&edge).await;
    for n in 0..120 {
        let event = events.remove(&format!("{name}-{n}")).unwrap_or_else(|| panic!("{name}-{n} did not arrive"));
        assert_eq!(event["type"], usage);
        assert_eq!(event["subject"], "account/acme.eu *> 💡");
    }
    let mut rest: Vec<(String, String)> =
        events.iter().map(|(id, event)| (id.clone(), event["type"].as_str().unwrap().to_owned())).collect();
    rest.retain(|(id, _)| id != &format!("{name}-identify/membership"));
    let wanted = [
        ("alias", "identity.merged"),
        ("group", "account.updated"),
        ("group/membership", "membership.recorded"),
        ("identify", "contact.updated"),
        ("page", "page.viewed"),
        ("screen", "page.viewed"),
    ];
    let wanted = wanted.map(|(id, kind)| (format!("{name}-{id}"), kind.to_owned()));
    assert_eq!(rest, wanted);
    edge.stop().await;
}

#[tokio::test]
async fn the_node_sdk_delivers_every_event_once() {
    check("node", "usage.recorded", |url, key| testkit::segment::node(url, key, NODE).unwrap()).await;
}

#[tokio::test]
async fn the_python_sdk_delivers_every_event_once() {
    check("python", "user.logged_in", |url, key| testkit::segment::python(url, key, PYTHON).unwrap()).await;
}

#[tokio::test]
async fn an_sdk_with_a_wrong_key_is_told() {
    let edge = Edge::start().await;
    let url = edge.url.clone();
    let call = "analytics.track({ userId: 'ana', event: 'x' });";
    let told = tokio::task::spawn_blocking(move || testkit::segment::node(&url, "wrong", call)).await.unwrap();
    let error = told.unwrap_err().to_string();
    assert!(error.contains("401"), "{error}");
    assert!(edge.events().await.is_empty());
}
