//! Packing and partitions: what one process writes, any other reads.

use bus_schema::{
    Batch, Entity, IndexEntry, Kind, Partition, Partitions,
    batch::{decode_index, encode_index, envelope, slice},
    entity::{fnv1a, from_token, token},
};
use proptest::{collection::vec, prelude::*};

fn json(id: &str, text: &str) -> String {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "s", "type": "user.logged_in", "subject": "account/a",
        "time": "2026-01-01T00:00:00Z", "data": { "user": text },
    })
    .to_string()
}

proptest! {
    #[test]
    fn every_event_of_a_batch_is_read_back(texts in vec(".{0,40}", 0..40), entity: u32) {
        let mut batch = Batch::new();
        for (at, text) in texts.iter().enumerate() {
            batch.push_raw(Kind::UserLoggedIn, entity, json(&at.to_string(), text).as_bytes());
        }
        prop_assert_eq!(batch.len(), texts.len());
        let (body, header) = batch.finish();
        let whole: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
        let index = decode_index(&header).unwrap();
        prop_assert_eq!((whole.len(), index.len()), (texts.len(), texts.len()));
        for (at, text) in texts.iter().enumerate() {
            let sent = json(&at.to_string(), text);
            prop_assert_eq!(slice(&body, &index, at).unwrap(), sent.as_bytes());
            prop_assert_eq!(envelope(&body, &index, at).unwrap().id, at.to_string());
            prop_assert_eq!((index[at].kind, index[at].entity), (Kind::UserLoggedIn.code(), entity));
        }
        prop_assert!(slice(&body, &index, texts.len()).is_err());
    }

    #[test]
    fn an_index_survives_its_header(rows in vec(any::<(u16, u32, u32)>(), 0..300)) {
        let index: Vec<IndexEntry> =
            rows.into_iter().map(|(kind, entity, offset)| IndexEntry { kind, entity, offset }).collect();
        prop_assert_eq!(decode_index(&encode_index(&index)).unwrap(), index);
    }

    #[test]
    fn damaged_packing_is_an_error_and_no_panic(
        header in "[A-Za-z0-9+/=\\PC]{0,80}",
        body in vec(any::<u8>(), 0..200),
        rows in vec(any::<(u16, u32, u8)>(), 0..10),
    ) {
        let _ = decode_index(&header);
        let index: Vec<IndexEntry> =
            rows.iter().map(|(kind, entity, at)| IndexEntry { kind: *kind, entity: *entity, offset: (*at).into() }).collect();
        for at in 0..=index.len() {
            if let Ok(json) = slice(&body, &index, at) {
                prop_assert_eq!(json.first(), Some(&b'{'));
            }
            let _ = envelope(&body, &index, at);
        }
    }

    #[test]
    fn every_id_has_a_subject_safe_token(id in "\\PC{1,30}") {
        let token = token(&id);
        prop_assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        prop_assert_eq!(from_token(&token), Some(id));
    }
}

#[test]
fn the_hash_is_fnv_1a() {
    for (text, hash) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
        assert_eq!(fnv1a(text.as_bytes()), hash, "{text}");
    }
}

#[test]
fn partitions_cover_all_accounts_and_read_both_spellings() {
    let partitions = Partitions::default();
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..1_000 {
        let entity = Entity::account(format!("acme {n}"));
        let partition = partitions.of(&entity);
        assert_eq!(partition, partitions.of_token(&entity.token()));
        assert_eq!(u32::from(partition.0), entity.hash() % 16);
        seen.insert(partition.0);
    }
    assert_eq!(seen.len(), 16);
    for text in ["3", "03"] {
        assert_eq!(Partition::parse(text), Some(Partition(3)));
    }
    for text in ["", "003", "-1", "x", "+3"] {
        assert_eq!(Partition::parse(text), None, "{text}");
    }
}
