//! The agent as a whole: worked accounts, and what holds for every history.

mod histories;
mod use_measured;
mod worked;
mod world;

/// A policy's text with other sources connected. Vendors are scored on the customer's model, so that any list will do.
pub(crate) fn with_sources(policy: &str, list: &str) -> String {
    let (head, rest) = policy.split_once("\nsources = [").expect("the sources are there");
    let (_, tail) = rest.split_once("\n]\n").expect("the list ends");
    let text = format!("{head}\nsources = {list}\n{tail}");
    let own = "vendor = \"marketplace_vendor_v1\"";
    assert!(text.contains(own));
    text.replace(own, "vendor = \"four_pillar_v1\"")
}
