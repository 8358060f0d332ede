//! Who may depend on whom: the rules of `docs/ARCHITECTURE.md`, checked over `cargo metadata`.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

const AGENTS: [&str; 9] =
    ["advocacy", "churn", "engagement", "escalation", "expansion", "health", "onboarding", "renewal", "supervisor"];
/// What a pure agent's library may name. The runtime is for its five-line binary alone.
const AGENT_MAY: [&str; 10] =
    ["agent", "bus-schema", "jiff", "minijinja", "runtime", "serde", "thiserror", "toml", "data-encoding", "sha2"];
/// Each outside thing is named by one crate.
const NAMED_ONCE: [(&str, &[&str]); 9] = [
    ("async-nats", &["bus"]),
    ("nkeys", &["bus"]),
    ("sled", &["runtime"]),
    ("lettre", &["courier"]),
    ("rusqlite", &["mainstay-console"]),
    ("maud", &["mainstay-console"]),
    ("clap", &["chaos", "mainstay", "simulation"]),
    ("figment", &["mainstay", "standalone"]),
    ("indicatif", &["mainstay"]),
];

/// Dependencies (not dev, not build) of each package of the workspace.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    packages
        .iter()
        .map(|package| {
            let list = package["dependencies"].as_array().expect("a list of dependencies");
            let normal = list.iter().filter(|dependency| dependency["kind"].is_null());
            let names = normal.map(|dependency| dependency["name"].as_str().unwrap_or_default().to_owned()).collect();
            (package["name"].as_str().unwrap_or_default().to_owned(), names)
        })
        .collect()
}

#[test]
fn agents_depend_on_nothing_that_waits_fails_or_looks_at_a_clock() {
    let all = dependencies();
    for agent in AGENTS {
        let names = all.get(agent).unwrap_or_else(|| panic!("no package {agent}"));
        assert!(names.contains(&"agent".to_owned()));
        for name in names {
            assert!(AGENT_MAY.contains(&name.as_str()), "agent {agent} must not depend on {name}");
        }
    }
}

#[test]
fn no_agents_library_names_the_runtime() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agents");
    let mut files = 0;
    for agent in AGENTS {
        let mut folders = vec![root.join(agent).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a readable folder") {
                let path = entry.expect("a readable entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "main.rs") {
                    let text = std::fs::read_to_string(&path).expect("a readable file");
                    assert!(!text.contains("runtime::"), "{} names the runtime", path.display());
                    files += 1;
                }
            }
        }
    }
    assert!(files >= 4 * AGENTS.len(), "only {files} files were looked at");
}

#[test]
fn the_contract_depends_on_no_crate_of_ours_and_the_trait_only_on_the_contract() {
    let all = dependencies();
    let ours: Vec<&String> = all.keys().collect();
    let of_ours = |package: &str| -> Vec<String> {
        all[package].iter().filter(|name| ours.contains(name)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of_ours("bus-schema"), Vec::<String>::new());
    assert_eq!(of_ours("agent"), vec!["bus-schema"]);
    assert_eq!(of_ours("bus"), vec!["bus-schema"]);
}

#[test]
fn each_outside_thing_is_named_by_one_crate() {
    let all = dependencies();
    for (thing, owners) in NAMED_ONCE {
        let users: Vec<&str> =
            all.iter().filter(|(_, names)| names.iter().any(|n| n == thing)).map(|(p, _)| p.as_str()).collect();
        assert_eq!(users, owners, "{thing}");
    }
}

#[test]
fn only_the_command_and_its_proofs_list_every_agent() {
    for (package, names) in dependencies() {
        let agents = AGENTS.iter().filter(|agent| names.iter().any(|name| name == *agent)).count();
        let may = ["mainstay", "simulation", "properties", "yardstick"].contains(&package.as_str());
        assert!(agents <= 1 || may, "{package} lists {agents} agents");
    }
}

/// The graph of who reads whose facts has no cycle: else two agents could argue for ever.
#[test]
fn no_agent_reads_what_it_causes() {
    use agent::Agent;
    use bus_schema::Kind;
    let topology: [(&str, &[Kind], &[Kind]); 9] = [
        (onboarding::Onboarding::NAME, onboarding::Onboarding::READS, onboarding::Onboarding::EMITS),
        (escalation::Escalation::NAME, escalation::Escalation::READS, escalation::Escalation::EMITS),
        (health::Health::NAME, health::Health::READS, health::Health::EMITS),
        (churn::Churn::NAME, churn::Churn::READS, churn::Churn::EMITS),
        (renewal::Renewal::NAME, renewal::Renewal::READS, renewal::Renewal::EMITS),
        (expansion::Expansion::NAME, expansion::Expansion::READS, expansion::Expansion::EMITS),
        (advocacy::Advocacy::NAME, advocacy::Advocacy::READS, advocacy::Advocacy::EMITS),
        (engagement::Engagement::NAME, engagement::Engagement::READS, engagement::Engagement::EMITS),
        (supervisor::Supervisor::NAME, supervisor::Supervisor::READS, supervisor::Supervisor::EMITS),
    ];
    // Facts of the supervisor go back to all: what a person decided, and the segment and stage an account is in.
    // They are no answer to a score, so the edge out of the supervisor is left out of the graph.
    let edges: Vec<(&str, &str)> = topology
        .iter()
        .filter(|(from, ..)| *from != supervisor::Supervisor::NAME)
        .flat_map(|(from, _, emits)| {
            topology
                .iter()
                .filter(move |(to, reads, _)| to != from && reads.iter().any(|kind| emits.contains(kind)))
                .map(move |(to, ..)| (*from, *to))
        })
        .collect();
    assert!(edges.contains(&("health", "engagement")), "{edges:?}");
    for (start, ..) in &topology {
        let mut reached = vec![*start];
        let mut at = 0;
        while let Some(from) = reached.get(at).copied() {
            for (_, to) in edges.iter().filter(|(edge_from, _)| *edge_from == from) {
                assert!(to != start, "{start} reads what it causes, by way of {from}");
                if !reached.contains(to) {
                    reached.push(to);
                }
            }
            at += 1;
        }
    }
}
