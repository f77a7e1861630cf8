//! Settings from environment variables, and the generated secret.

use std::{
    env,
    fmt::Display,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    net::{SocketAddr, ToSocketAddrs as _},
    path::{Path, PathBuf},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cookiejwt_store::{Config, ConfigBuilder, ReadKeys as _, Secret, env_vars};

use crate::DemoError;

const DEFAULT_DATABASE: &str = "sqlite://cookiejwt-demo.db?mode=rwc";

/// The environment variables of the examples; `COOKIEJWT_*` override the demo's defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`.
    pub database_url: String,
    /// `HOST`, default 127.0.0.1.
    pub host: String,
    /// `PORT`, default 3000.
    pub port: u16,
    pub(crate) demo_user: Option<String>,
    pub(crate) demo_password: Option<String>,
    /// `REVOKED_SECRET`: with it, services that only verify may ask which sessions have ended.
    pub(crate) revoked_secret: Option<String>,
}

/// The user who is created at first start.
#[derive(Clone)]
pub struct FirstUser {
    /// The login name.
    pub name: String,
    /// The password.
    pub password: String,
    is_random: bool,
}

impl FirstUser {
    /// Prints the password once, unless the environment has set it.
    pub fn announce(&self) {
        let Self { name, password, is_random } = self;
        if *is_random {
            println!(
                "\n  created the user {name} with the password {password}\n  (shown once, stored as a hash)\n"
            );
        }
    }
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, DemoError> {
        Self::with_database(DEFAULT_DATABASE)
    }

    /// Reads the environment, with this database unless `DATABASE_URL` names one.
    pub fn with_database(default: &str) -> Result<Self, DemoError> {
        let text = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let port = match text("PORT") {
            Some(port) => port.parse().map_err(|_| DemoError::Port(port))?,
            None => 3000,
        };
        Ok(Self {
            database_url: text("DATABASE_URL").unwrap_or_else(|| default.into()),
            host: text("HOST").unwrap_or_else(|| "127.0.0.1".into()),
            port,
            demo_user: text("DEMO_USER"),
            demo_password: text("DEMO_PASSWORD"),
            revoked_secret: text("REVOKED_SECRET"),
        })
    }

    /// `HOST` and `PORT` for a server that does not resolve names.
    pub fn address(&self) -> Result<SocketAddr, DemoError> {
        let mut found =
            (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| self.not_listening(error))?;
        found.next().ok_or_else(|| self.not_listening("it has no address"))
    }

    /// Why the server cannot listen.
    pub fn not_listening(&self, error: impl Display) -> DemoError {
        DemoError::Listen { host: self.host.clone(), port: self.port, reason: error.to_string() }
    }

    /// The demo's defaults, then the variables.
    pub fn auth_config(&self) -> Result<Config, DemoError> {
        let vars = env_vars()?;
        let is_set = |name: &str| vars.iter().any(|(known, _)| known == name);
        let own: ConfigBuilder = Config::builder().issuer("http://localhost").audience("demo");
        if is_set("COOKIEJWT_SECRET") {
            return Ok(own.vars(vars)?.read_keys()?.build()?);
        }
        // Checks every other setting first, so that an invalid one leaves no secret file behind.
        let checked = own.vars(vars)?.read_keys()?;
        checked.clone().secret(Secret::from_bytes(random_bytes()?)?).build()?;
        Ok(checked.secret(self.secret_file()?).build()?)
    }

    /// `DEMO_USER` with `DEMO_PASSWORD`, or `demo` with a random password.
    pub fn first_user(&self) -> Result<FirstUser, DemoError> {
        let name = self.demo_user.clone().unwrap_or_else(|| "demo".into());
        if let Some(password) = self.demo_password.clone() {
            return Ok(FirstUser { name, password, is_random: false });
        }
        let random = random_bytes()?.first_chunk::<12>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Ok(FirstUser { name, password: random.unwrap_or_default(), is_random: true })
    }

    /// Without `COOKIEJWT_SECRET`, the first start creates a random one and stores it next to the
    /// database.
    fn secret_file(&self) -> Result<Secret, DemoError> {
        let path = self.secret_path();
        let name = || path.display().to_string();
        let failed = |source| DemoError::SecretFile { path: name(), source };
        if !path.exists() {
            make_secret(&path, &STANDARD.encode(random_bytes()?)).map_err(failed)?;
            tracing::info!(
                path = name(),
                "COOKIEJWT_SECRET is not set: created a random one and stored it here"
            );
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        Secret::from_base64(&text).map_err(|source| DemoError::SecretContent { path: name(), source })
    }

    fn secret_path(&self) -> PathBuf {
        let file =
            self.database_url.strip_prefix("sqlite://").or_else(|| self.database_url.strip_prefix("sqlite:"));
        let file = file.and_then(|file| file.split('?').next()).filter(|file| !file.is_empty());
        Path::new(file.unwrap_or("cookiejwt-demo.db")).with_extension("secret")
    }
}

fn random_bytes() -> Result<[u8; 32], DemoError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Readable only by its owner from the start, and either complete or absent.
fn make_secret(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("secret.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // Another process that starts at the same time may have been faster: then its secret is used.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
