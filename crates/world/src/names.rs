//! Names that nobody has: companies, people, and what they do.

use crate::dice::Dice;

const STEMS: [&str; 40] = [
    "Halden",
    "Orrin",
    "Tarnwick",
    "Brackwell",
    "Corvane",
    "Dunmere",
    "Elsworth",
    "Farrowby",
    "Glenholt",
    "Hexmoor",
    "Ivelle",
    "Jarrowen",
    "Kestmere",
    "Lorvale",
    "Merrowdale",
    "Norbeck",
    "Oakenshaw",
    "Pellford",
    "Quillane",
    "Rothwen",
    "Saltbourne",
    "Thornmere",
    "Ulverby",
    "Vantmoor",
    "Wexholm",
    "Yarrowden",
    "Zelmark",
    "Ashcombe",
    "Birchanger",
    "Calder",
    "Drosten",
    "Emberley",
    "Fenwright",
    "Garlund",
    "Hollin",
    "Ingram",
    "Juniper",
    "Kilmore",
    "Larkfield",
    "Maristow",
];
const TRADES: [&str; 25] = [
    "Freight",
    "Foods",
    "Textiles",
    "Clinics",
    "Tools",
    "Printing",
    "Packaging",
    "Interiors",
    "Optics",
    "Ceramics",
    "Nurseries",
    "Bakeries",
    "Fixtures",
    "Cycles",
    "Marine",
    "Timber",
    "Glass",
    "Laboratories",
    "Catering",
    "Hardware",
    "Linen",
    "Metals",
    "Paper",
    "Robotics",
    "Seating",
];
const FORMS: [&str; 8] = ["Group", "Works", "Partners", "Trading", "Services", "Collective", "Supply", "House"];

const FIRST: [&str; 48] = [
    "Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kofi", "Lena", "Mira", "Nils",
    "Oona", "Pavel", "Quentin", "Rosa", "Samir", "Tilda", "Uma", "Viktor", "Wanda", "Yusuf", "Zora", "Anton", "Birgit",
    "Carlo", "Delia", "Edda", "Fabio", "Greta", "Hugo", "Iris", "Jana", "Karim", "Lars", "Maya", "Noor", "Otto",
    "Petra", "Rafael", "Selma", "Tomas", "Ursula", "Vera", "Wim", "Ylva",
];
const LAST: [&str; 48] = [
    "Abel", "Brandt", "Castro", "Dupont", "Eriksen", "Fischer", "Grant", "Hoxha", "Ivanov", "Jansen", "Kaya", "Lund",
    "Moreau", "Novak", "Okafor", "Petit", "Quist", "Rossi", "Santos", "Toth", "Unger", "Varga", "Weber", "Yilmaz",
    "Zeman", "Adeyemi", "Bakker", "Costa", "Dahl", "Engel", "Farkas", "Garcia", "Haas", "Ilic", "Jonker", "Koenig",
    "Larsen", "Mendes", "Nagy", "Olsen", "Pires", "Reyes", "Silva", "Thorne", "Ueda", "Vidal", "Wolf", "Zhang",
];

/// How many companies have names of their own.
pub(crate) const COMPANIES_MAX: u32 = 8_000;

/// The id and the name of the n-th company of a world; the order says nothing of anything else.
pub(crate) fn company(seed: u64, n: u32) -> (String, String) {
    // A step without a common divisor visits every name once before any comes again.
    let at = (u64::from(n) * 3_767 + seed.wrapping_mul(1_031) % 8_000) % u64::from(COMPANIES_MAX);
    let part = |list: &[&'static str], n: u64| usize::try_from(n).ok().and_then(|n| list.get(n % list.len()).copied());
    let stem = part(&STEMS, at % 40).unwrap_or("Halden");
    let trade = part(&TRADES, at / 40 % 25).unwrap_or("Tools");
    let form = part(&FORMS, at / 1_000).unwrap_or("Group");
    let name = format!("{stem} {trade} {form}");
    (name.to_lowercase().replace(' ', "-"), name)
}

/// A person at a company: address and name. No two of a company have the same.
pub(crate) fn person(dice: &mut Dice, company: &str, taken: &[String]) -> (String, String) {
    loop {
        let first = dice.pick(&FIRST).copied().unwrap_or("Ada");
        let last = dice.pick(&LAST).copied().unwrap_or("Abel");
        let address = format!("{}.{}@{company}.example", first.to_lowercase(), last.to_lowercase());
        if !taken.contains(&address) {
            return (address, format!("{first} {last}"));
        }
    }
}

/// A title that fits a role.
pub(crate) fn title(dice: &mut Dice, role: &str) -> &'static str {
    let titles: &[&'static str] = match role {
        "sponsor" => &["Chief operating officer", "VP Operations", "Chief financial officer", "Managing director"],
        "champion" => &["Head of planning", "Operations manager", "Head of logistics", "Programme manager"],
        "admin" => &["Systems administrator", "IT manager", "Application owner"],
        "billing" => &["Accounts payable", "Finance manager"],
        _ => &["Planner", "Dispatcher", "Analyst", "Coordinator", "Team lead"],
    };
    dice.pick(titles).copied().unwrap_or("Analyst")
}

/// The customer-success managers.
pub const CSMS: [&str; 4] = ["ana", "ben", "carla", "dev"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_company_has_its_own_name() {
        let names: BTreeSet<String> = (0..COMPANIES_MAX).map(|n| company(7, n).0).collect();
        assert_eq!(names.len(), 8_000);
    }
}
