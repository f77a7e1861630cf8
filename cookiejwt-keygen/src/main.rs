//! The command line of `cookiejwt-keygen`.

use std::{env, path::Path, process::ExitCode};

use cookiejwt_keygen::{KeygenError, Kind, Made, make, secret, switch, today};

const USAGE: &str = "\
cookiejwt-keygen secret               print a master secret, for COOKIEJWT_SECRET
cookiejwt-keygen eddsa DIR [NAME]     make an Ed25519 key in a directory, for COOKIEJWT_KEYS_DIR
cookiejwt-keygen es256 DIR [NAME]     make a P-256 key there, for verifiers that know no EdDSA
cookiejwt-keygen switch DIR NAME      let this key sign, and the others only verify

NAME is the present date unless you give one. Nothing is overwritten.";

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
    let Made { name, kid, signs } = make(kind, Path::new(directory), name)?;
    println!("made {directory}/{name}.pem (private) and {directory}/{name}.pub.pem\nkid {kid}");
    if signs {
        println!(
            "It signs, because it is the first: {directory}/signing names it.\n\
             Next: start every node with COOKIEJWT_KEYS_DIR={directory}, which holds the same files everywhere."
        );
    } else {
        println!(
            "It verifies; another key still signs.\n\
             Next: put it on every node and wait for 6 minutes, so that each has read it and each verifying service has \
             fetched jwks.json again.\n\
             Then: cookiejwt-keygen switch {directory} {name}"
        );
    }
    Ok(())
}

fn switched(directory: &str, name: &str, old: Option<String>) {
    println!("{name} signs from now on.");
    if let Some(old) = old {
        println!(
            "Next: do the same on every node, and wait until the last access token of {old} has ended \
             (COOKIEJWT_ACCESS_MAX_AGE, 5 minutes, and a minute more).\n\
             Then: rm {directory}/{old}.pem {directory}/{old}.pub.pem"
        );
    }
}
