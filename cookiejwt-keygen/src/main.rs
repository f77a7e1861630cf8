//! The command line of `cookiejwt-keygen`.

use std::{env, path::Path, process::ExitCode};

use cookiejwt_keygen::{KeygenError, Kind, Made, make, secret, switch, today};

const USAGE: &str = "\
cookiejwt-keygen secret               print a master secret, for COOKIEJWT_SECRET
cookiejwt-keygen eddsa DIR [NAME]     create an Ed25519 key in a directory, for COOKIEJWT_KEYS_DIR
cookiejwt-keygen es256 DIR [NAME]     create a P-256 key, for verifiers without EdDSA
cookiejwt-keygen switch DIR NAME      sign with this key; the others only verify

NAME defaults to today's date. Existing files are never overwritten.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match &arguments[..] {
        ["secret"] => secret().map(|secret| println!("{}", &*secret)),
        ["switch", directory, name] => {
            switch(Path::new(directory), name).map(|old| switched(directory, name, old))
        }
        [kind, directory] if Kind::parse(kind).is_some() => made(kind, directory, &today()),
        [kind, directory, name] if Kind::parse(kind).is_some() => made(kind, directory, name),
        ["help" | "-h" | "--help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn made(kind: &str, directory: &str, name: &str) -> Result<(), KeygenError> {
    let kind = Kind::parse(kind).unwrap_or(Kind::EdDsa);
    let Made { name, kid, signs, .. } = make(kind, Path::new(directory), name)?;
    println!("created {directory}/{name}.pem (private) and {directory}/{name}.pub.pem\nkid {kid}");
    if signs {
        println!(
            "It signs, because it is the first key: {directory}/signing contains its name.\n\
             Next: start every node with COOKIEJWT_KEYS_DIR={directory} and the same files in it."
        );
    } else {
        println!(
            "It verifies; another key still signs.\n\
             Next: copy both files to every node and wait 6 minutes, so that every node has read them and\n\
             every verifying service has fetched jwks.json again.\n\
             Then: cookiejwt-keygen switch {directory} {name}"
        );
    }
    Ok(())
}

fn switched(directory: &str, name: &str, old: Option<String>) {
    println!("{name} now signs.");
    if let Some(old) = old {
        println!(
            "Next: do the same on every node, and wait until the last access token of {old} has expired\n\
             (COOKIEJWT_ACCESS_MAX_AGE, by default 5 minutes, plus one minute).\n\
             Then: rm {directory}/{old}.pem {directory}/{old}.pub.pem"
        );
    }
}
