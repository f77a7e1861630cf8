//! How cookies are read.

use http::{HeaderName, header::COOKIE};
use proptest::prelude::*;

use super::visit_pairs;
use crate::{
    decide::Assessment,
    request::head::{Headers, RequestHead},
    testing,
};

/// Header fields with any bytes in their values, as frameworks other than `http` may hand them on.
struct RawFields(Vec<(HeaderName, Vec<u8>)>);

impl Headers for RawFields {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        self.0.iter().filter(|(field, _)| field == name).for_each(|(_, value)| visit(value));
    }
}

const NAME: &str = "__Host-access_token";

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn pairs(fields: &[Vec<u8>]) -> Pairs {
    let raw = RawFields(fields.iter().map(|field| (COOKIE, field.clone())).collect());
    let mut found = Vec::new();
    let head = RequestHead::new("GET", "/", None, &raw);
    visit_pairs(&head, |pair| {
        found.extend(pair.split().map(|(name, value)| (name.to_vec(), value.to_vec())));
    });
    found
}

fn assess(fields: &[Vec<u8>]) -> Assessment {
    let raw = RawFields(fields.iter().map(|field| (COOKIE, field.clone())).collect());
    testing::core().authenticate(RequestHead::new("GET", "/", None, &raw), testing::NOW)
}

/// Puts a valid token where the template says `{}`.
fn fill(template: &[u8]) -> Vec<u8> {
    let token = testing::access("42").token();
    match template.windows(2).position(|two| two == b"{}") {
        Some(at) => [&template[..at], token.as_bytes(), &fill(&template[at + 2..])].concat(),
        None => template.to_vec(),
    }
}

/// Names that the `cookie` crate, or another server, takes for ours; the browser enforced no prefix
/// on them.
const SMUGGLED: [(&str, &[u8]); 24] = [
    ("percent-encoded underscores", b"%5F%5FHost-access_token={}"),
    ("percent-encoded, lower case", b"%5f%5fHost-access_token={}"),
    ("one percent-encoded letter", b"__Hos%74-access_token={}"),
    ("en quad in front", b"\xe2\x80\x80__Host-access_token={}"),
    ("no-break space in front", b"\xc2\xa0__Host-access_token={}"),
    ("next line in front", b"\xc2\x85__Host-access_token={}"),
    ("vertical tab in front", b"\x0b__Host-access_token={}"),
    ("form feed in front", b"\x0c__Host-access_token={}"),
    ("ideographic space behind", b"__Host-access_token\xe3\x80\x80={}"),
    ("no-break space behind", b"__Host-access_token\xc2\xa0={}"),
    ("a lone Latin-1 no-break space", b"\xa0__Host-access_token={}"),
    ("byte order mark in front", b"\xef\xbb\xbf__Host-access_token={}"),
    ("line end in front", b"\r\n__Host-access_token={}"),
    ("NUL behind", b"__Host-access_token\0={}"),
    ("quoted name", b"\"__Host-access_token\"={}"),
    ("quoted name with a blank", b"\" __Host-access_token\"={}"),
    ("lower-case name", b"__host-access_token={}"),
    ("upper-case name", b"__HOST-ACCESS_TOKEN={}"),
    ("nameless pair", b"=__Host-access_token={}"),
    ("nameless pair behind a blank", b" =__Host-access_token={}"),
    ("bare name", b"__Host-access_token"),
    ("inside the value of $Version", b"$Version=1, __Host-access_token={}"),
    ("behind a comma", b"a=b,__Host-access_token={}"),
    ("a longer name", b"x__Host-access_token={}"),
];

#[test]
fn smuggled_names_are_not_ours() {
    for (rule, template) in SMUGGLED {
        let field = fill(template);
        assert!(assess(std::slice::from_ref(&field)).is_anonymous(), "{rule}");
        assert!(
            pairs(std::slice::from_ref(&field)).iter().all(|(name, _)| name != NAME.as_bytes()),
            "{rule}"
        );
        let beside = [fill(b"__Host-access_token={}; "), field].concat();
        assert!(assess(&[beside]).is_authenticated(), "{rule}, beside the real one");
    }
}

/// The cookie is found, whatever stands around it.
const FOUND: [(&str, &[&[u8]]); 22] = [
    ("alone", &[b"__Host-access_token={}"]),
    ("first", &[b"__Host-access_token={}; a=b"]),
    ("last", &[b"a=b; __Host-access_token={}"]),
    ("without a blank", &[b"a=b;__Host-access_token={};c=d"]),
    ("with blanks and tabs", &[b"a=b; \t __Host-access_token \t= \t{} \t; c=d"]),
    ("in a second field (HTTP/2 crumbs)", &[b"a=b", b"__Host-access_token={}"]),
    ("in the first of several fields", &[b"__Host-access_token={}", b"a=b", b"", b"c=d; e=f"]),
    ("a semicolon at the end", &[b"__Host-access_token={};"]),
    ("a semicolon in front", &[b";;; ;__Host-access_token={}"]),
    ("a neighbour without =", &[b"x; __Host-access_token={}"]),
    ("a neighbour that is not ASCII", &[b"x; \xff=\xfe; __Host-access_token={}; =; ;;"]),
    ("a neighbour in UTF-8", &[b"name=J\xc3\xb6rg; __Host-access_token={}"]),
    ("a neighbour with control characters", &[b"a=\x01\x02\x7f; __Host-access_token={}"]),
    ("a neighbour in JSON", &[b"a={\"b\":1,\"c\":[]}; __Host-access_token={}"]),
    ("a neighbour with a quote that never ends", &[b"a=\"b; __Host-access_token={}"]),
    ("a neighbour with broken percent-encoding", &[b"a=%zz%; __Host-access_token={}"]),
    ("a nameless neighbour", &[b"=x; __Host-access_token={}"]),
    ("a neighbour with = in its value", &[b"a=b=c==; __Host-access_token={}"]),
    ("$Version as a neighbour", &[b"$Version=1; __Host-access_token={}; $Path=/"]),
    ("the same neighbour twice", &[b"a=1; a=2; __Host-access_token={}; a=3"]),
    ("a smuggled neighbour", &[b"__host-access_token=x; __Host-access_token={}"]),
    ("an empty field in front", &[b"", b"__Host-access_token={}"]),
];

#[test]
fn neighbours_never_harm_ours() {
    for (rule, fields) in FOUND {
        let fields: Vec<_> = fields.iter().map(|field| fill(field)).collect();
        assert!(assess(&fields).is_authenticated(), "{rule}");
    }
}

const DEAD: [(&str, &[&[u8]]); 9] = [
    ("a value in quotes that is no token", &[b"__Host-access_token=\"x\""]),
    ("two pairs of quotes", &[b"__Host-access_token=\"\"{}\"\""]),
    ("a quote that never ends", &[b"__Host-access_token=\"{}"]),
    ("a quote at the end alone", &[b"__Host-access_token={}\""]),
    ("single quotes", &[b"__Host-access_token='{}'"]),
    ("one quote", &[b"__Host-access_token=\""]),
    ("nothing in quotes", &[b"__Host-access_token=\"\""]),
    ("a percent-encoded value is not decoded", &[b"__Host-access_token=%65{}"]),
    ("an empty value", &[b"__Host-access_token="]),
];

#[test]
fn a_value_that_is_no_token_is_dead() {
    for (rule, fields) in DEAD {
        let fields: Vec<_> = fields.iter().map(|field| fill(field)).collect();
        assert!(assess(&fields).is_refused(), "{rule}");
    }
}

/// As Java's `CookieManager` sends them.
#[test]
fn a_value_in_one_pair_of_quotes_is_the_value_without_them() {
    for (rule, field) in [
        ("quoted", &b"__Host-access_token=\"{}\""[..]),
        ("blanks around the quotes", b"__Host-access_token = \"{}\" ; a=b"),
        ("as Java has it", b"$Version=\"1\"; __Host-access_token=\"{}\";$Path=\"/\";$Domain=\"a.example\""),
        ("beside one without", b"__Host-access_token=\"{}\"; __Host-access_token={}"),
    ] {
        assert!(assess(&[fill(field)]).is_authenticated(), "{rule}");
    }
}

#[test]
fn pairs_are_bytes_between_semicolons() {
    for (rule, field, expected) in [
        ("nothing", "", &[][..]),
        ("one", "a=b", &[("a", "b")]),
        ("split at the first =", "a=b=c", &[("a", "b=c")]),
        ("an empty name", "=b", &[("", "b")]),
        ("an empty value", "a=", &[("a", "")]),
        ("without = it is no pair", "a; b=c; d", &[("b", "c")]),
        ("blanks and tabs only are trimmed", " \ta \t=\t b c \t; d=e", &[("a", "b c"), ("d", "e")]),
        ("quotes belong to the value", "a=\"b\"", &[("a", "\"b\"")]),
        ("a quoted semicolon separates", "a=\"b; c=d\"", &[("a", "\"b"), ("c", "d\"")]),
        ("nothing is decoded", "%61=%62+c", &[("%61", "%62+c")]),
        ("order and repetition stay", "b=1; a=2; b=3", &[("b", "1"), ("a", "2"), ("b", "3")]),
        ("commas do not separate", "a=1,b=2", &[("a", "1,b=2")]),
        ("only blanks", " \t ", &[]),
    ] {
        let expected: Pairs =
            expected.iter().map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec())).collect();
        assert_eq!(pairs(&[field.into()]), expected, "{rule}");
    }
}

const LIMIT: usize = 16 * 1024;

/// A neighbour that, with the separator behind it, has this many bytes.
fn padding(length: usize) -> Vec<u8> {
    let mut field = b"pad=".to_vec();
    field.resize(length - 2, b'x');
    field.extend(b"; ");
    field
}

fn found(fields: &[Vec<u8>]) -> bool {
    pairs(fields).iter().any(|(name, value)| name == b"ours" && value == b"token")
}

#[test]
fn sixteen_kibibytes_are_seen() {
    let ours = b"ours=token";
    let behind = |length| [&padding(length)[..], ours].concat();
    for (rule, fields, expected) in [
        ("the pair ends at the limit", vec![behind(LIMIT - ours.len())], true),
        ("the pair is cut by one byte", vec![behind(LIMIT - ours.len() + 1)], false),
        ("the pair is cut before its value ends", vec![[&behind(LIMIT - 8)[..], b"; a=b"].concat()], false),
        ("the pair begins at the limit", vec![behind(LIMIT)], false),
        (
            "the pair stands before a long neighbour",
            vec![[&b"ours=token; "[..], &padding(LIMIT)].concat()],
            true,
        ),
        ("a megabyte in front", vec![behind(1 << 20)], false),
        ("a megabyte behind", vec![[&b"ours=token; "[..], &padding(1 << 20)].concat()], true),
        ("fields share the limit, inside", vec![padding(LIMIT - ours.len()), ours.to_vec()], true),
        ("fields share the limit, cut", vec![padding(LIMIT - ours.len() + 1), ours.to_vec()], false),
        ("fields share the limit, used up", vec![padding(LIMIT), ours.to_vec()], false),
        ("fields share the limit, in the first", vec![ours.to_vec(), padding(LIMIT)], true),
        (
            "a token is not shortened",
            vec![[&padding(LIMIT - ours.len())[..], b"ours=tokenXXXX"].concat()],
            false,
        ),
    ] {
        assert_eq!(found(&fields), expected, "{rule}");
    }
}

#[test]
fn what_is_beyond_the_limit_is_no_duplicate() {
    let ours = fill(b"__Host-access_token={}; ");
    let other = testing::access("42").session("another").cookie().into_bytes();
    assert!(assess(&[[&ours[..], &other].concat()]).is_refused(), "two sessions");
    let beyond = [&ours[..], &padding(LIMIT), &other].concat();
    assert!(assess(&[beyond]).is_authenticated());
}

#[test]
fn two_hundred_pairs_are_seen() {
    let neighbours = |count: usize| b"a=b; ".repeat(count);
    for (rule, fields, expected) in [
        ("the 200th", vec![[&neighbours(199)[..], b"ours=token"].concat()], true),
        ("the 201st", vec![[&neighbours(200)[..], b"ours=token"].concat()], false),
        ("the first of many", vec![[&b"ours=token; "[..], &neighbours(2000)].concat()], true),
        (
            "the 200th, over fields",
            vec![vec![b'a'; 1]; 199].into_iter().chain([b"ours=token".to_vec()]).collect(),
            true,
        ),
        (
            "the 201st, over fields",
            vec![b"a=b".to_vec(); 200].into_iter().chain([b"ours=token".to_vec()]).collect(),
            false,
        ),
        ("what is no pair counts too", vec![[&b";".repeat(200)[..], b"ours=token"].concat()], false),
    ] {
        assert_eq!(found(&fields), expected, "{rule}");
    }
    assert_eq!(pairs(&[neighbours(1000)]).len(), 200);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(fields in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5)) {
        let seen = pairs(&fields);
        prop_assert!(seen.len() <= 200);
        for (name, value) in seen {
            prop_assert!(!name.contains(&b'=') && !name.contains(&b';') && !value.contains(&b';'));
        }
    }

    #[test]
    fn a_pair_is_found_by_its_name_exactly_when_it_is_split_so(field in "[ab =\t%\"\u{a0}]{0,12}", name in "[ab%]{1,3}") {
        let raw = RawFields(vec![(COOKIE, field.clone().into_bytes())]);
        let mut found = Vec::new();
        visit_pairs(&RequestHead::new("GET", "/", None, &raw), |pair| {
            let split = pair.split().filter(|(its_name, _)| *its_name == name.as_bytes()).map(|(_, value)| match value {
                [b'"', inner @ .., b'"'] => inner,
                value => value,
            });
            found.push((pair.value_of(&name).map(<[u8]>::to_vec), split.map(<[u8]>::to_vec)));
        });
        prop_assert!(found.iter().all(|(found, split)| found == split), "{found:?}");
    }

    #[test]
    fn any_neighbours_leave_ours_alone(before in "[^;]{0,40}", behind in "[^;]{0,40}") {
        let named = |text: &str| text.trim_matches([' ', '\t']).split('=').next().unwrap().trim_end_matches([' ', '\t']) == NAME;
        prop_assume!(!named(&before) && !named(&behind));
        let field = [before.as_bytes(), b";", &fill(b"__Host-access_token={}"), b";", behind.as_bytes()].concat();
        prop_assert!(assess(&[field]).is_authenticated());
    }
}
