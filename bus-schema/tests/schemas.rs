//! The generated files are what the types say. `MAINSTAY_BLESS=1 cargo test -p bus-schema --test schemas` rewrites them.

use std::{collections::BTreeSet, fs, path::Path};

use bus_schema::schema;

#[test]
fn the_files_are_what_the_types_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::var_os("MAINSTAY_BLESS").is_some_and(|value| value == "1");
    let wanted = schema::files();
    let found: BTreeSet<String> = fs::read_dir(root.join("schemas"))
        .map(|entries| entries.map(|e| format!("schemas/{}", e.unwrap().file_name().to_string_lossy())).collect())
        .unwrap_or_default();
    let left_over: Vec<&String> = found.iter().filter(|name| !wanted.contains_key(*name)).collect();
    if bless {
        fs::create_dir_all(root.join("schemas")).unwrap();
        for name in left_over {
            fs::remove_file(root.join(name)).unwrap();
        }
        for (name, text) in &wanted {
            fs::write(root.join(name), text).unwrap();
        }
        return;
    }
    let differs = |name: &&String| fs::read_to_string(root.join(name)).ok().as_ref() != wanted.get(*name);
    let drifted: Vec<&String> = wanted.keys().filter(differs).chain(left_over).collect();
    assert!(
        drifted.is_empty(),
        "these files differ from the types: {drifted:?}\nrun `MAINSTAY_BLESS=1 cargo test -p bus-schema --test schemas` and look at the diff"
    );
}
