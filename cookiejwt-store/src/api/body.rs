//! The bodies of requests, as JSON and as a form.

use std::fmt;

use bytes::Bytes;
use cookiejwt_core::{Problem, driver::RequestHead};
use http::header;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use zeroize::Zeroizing;

/// The body of a request, as far as it was read.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// All of it.
    Complete(Bytes),
    /// There is more than [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES).
    TooLarge,
    /// It broke off.
    Broken,
}

/// It contains passwords and tokens.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete(bytes) => write!(f, "Complete({} bytes)", bytes.len()),
            Self::TooLarge => f.write_str("TooLarge"),
            Self::Broken => f.write_str("Broken"),
        }
    }
}

/// What a body may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    Json,
    Form,
}

/// What one of the endpoints reads from a body; its JSON form is the struct itself.
pub(super) trait FromBody: DeserializeOwned {
    fn from_form(bytes: &[u8]) -> Option<Self>;

    /// Whether no field is blank.
    fn is_complete(&self) -> bool;
}

/// Reads JSON or a form; every other media type is refused. A form on another site could send JSON
/// text as `text/plain`.
pub(super) fn read<T: FromBody>(head: &RequestHead<'_>, body: Body) -> Result<T, Problem> {
    let media_type = MediaType::of(head).ok_or(Problem::UnsupportedMediaType)?;
    let bytes = match body {
        Body::Complete(bytes) => bytes,
        Body::TooLarge => return Err(Problem::BodyTooLarge),
        Body::Broken => return Err(Problem::InvalidRequest),
    };
    let body: Option<T> = match media_type {
        MediaType::Json => json_object(&bytes),
        MediaType::Form => T::from_form(&bytes),
    };
    body.filter(T::is_complete).ok_or(Problem::InvalidRequest)
}

/// A login.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtCredentials))]
pub(super) struct LoginBody {
    /// Not blank.
    #[cfg_attr(feature = "openapi", schema(pattern = r"\S"))]
    pub(super) username: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub(super) password: Zeroizing<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = Remember::documented, required = false))]
    pub(super) remember: Remember,
}

/// The words of a form that mean yes.
const YES: [&str; 3] = ["true", "on", "1"];
/// Those that mean no.
const NO: [&str; 3] = ["false", "off", "0"];

/// Whether the cookies outlive the browser: in JSON a boolean, null, or one of the words of a form,
/// because clients hand on what their own form gave them.
#[derive(Clone, Copy)]
pub(super) struct Remember(pub(super) bool);

impl Default for Remember {
    fn default() -> Self {
        Self(true)
    }
}

impl<'de> Deserialize<'de> for Remember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Boolean(bool),
            Word(String),
        }

        let unknown = || serde::de::Error::custom("`remember` is a boolean, null, or a word of a form");
        match Option::<Written>::deserialize(deserializer)? {
            None => Ok(Self::default()),
            Some(Written::Boolean(remember)) => Ok(Self(remember)),
            Some(Written::Word(word)) if YES.contains(&&*word) => Ok(Self(true)),
            Some(Written::Word(word)) if NO.contains(&&*word) => Ok(Self(false)),
            Some(Written::Word(_)) => Err(unknown()),
        }
    }
}

#[cfg(feature = "openapi")]
impl Remember {
    fn documented() -> utoipa::openapi::Object {
        use utoipa::openapi::{ObjectBuilder, Type, schema::SchemaType};

        let words = YES.into_iter().chain(NO).map(serde_json::Value::from);
        let values = [true.into(), false.into(), serde_json::Value::Null].into_iter().chain(words);
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Boolean, Type::String, Type::Null]))
            .description(Some("Whether the cookies outlive the browser. Absent and null mean yes; the words are those of a form."))
            .enum_values(Some(values))
            .build()
    }
}

impl FromBody for LoginBody {
    /// A browser's form leaves an unchecked box out: absent means no.
    fn from_form(bytes: &[u8]) -> Option<Self> {
        let remember = form_field(bytes, "remember").is_some_and(|value| YES.contains(&&*value));
        Some(Self {
            username: form_field(bytes, "username")?,
            password: form_field(bytes, "password")?.into(),
            remember: Remember(remember),
        })
    }

    fn is_complete(&self) -> bool {
        !self.username.trim().is_empty() && !self.password.is_empty()
    }
}

/// The password of who is logged in.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtPassword))]
pub(super) struct FreshLoginBody {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub(super) password: Zeroizing<String>,
}

impl FromBody for FreshLoginBody {
    fn from_form(bytes: &[u8]) -> Option<Self> {
        Some(Self { password: form_field(bytes, "password")?.into() })
    }

    fn is_complete(&self) -> bool {
        !self.password.is_empty()
    }
}

/// A change of the password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtPasswordChange))]
pub(super) struct PasswordBody {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1))]
    pub(super) current_password: Zeroizing<String>,
    /// At most 1024 bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 8, max_length = 1024))]
    pub(super) new_password: Zeroizing<String>,
}

impl FromBody for PasswordBody {
    fn from_form(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            current_password: form_field(bytes, "current_password")?.into(),
            new_password: form_field(bytes, "new_password")?.into(),
        })
    }

    fn is_complete(&self) -> bool {
        !self.current_password.is_empty() && !self.new_password.is_empty()
    }
}

/// What a refresh needs in token mode.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtRefresh))]
pub(super) struct RefreshBody {
    #[cfg_attr(feature = "openapi", schema(pattern = r"\S"))]
    pub(super) refresh: String,
}

impl FromBody for RefreshBody {
    fn from_form(bytes: &[u8]) -> Option<Self> {
        Some(Self { refresh: form_field(bytes, "refresh")? })
    }

    fn is_complete(&self) -> bool {
        !self.refresh.trim().is_empty()
    }
}

impl MediaType {
    const ALL: [Self; 2] = [Self::Json, Self::Form];

    /// The type without its parameters.
    pub(super) const fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    fn of(head: &RequestHead<'_>) -> Option<Self> {
        let essence = head.text(&header::CONTENT_TYPE)?.split(';').next()?.trim();
        Self::ALL.into_iter().find(|known| essence.eq_ignore_ascii_case(known.essence()))
    }
}

/// The `refresh` of a logout's body; anything else in it is ignored.
pub(super) fn refresh_member(head: &RequestHead<'_>, body: &Body) -> Option<String> {
    let Body::Complete(bytes) = body else { return None };
    let member: Option<RefreshBody> = match MediaType::of(head)? {
        MediaType::Json => json_object(bytes),
        MediaType::Form => RefreshBody::from_form(bytes),
    };
    member.map(|member| member.refresh)
}

/// One object; serde would read a struct from a list as well.
fn json_object<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(bytes).ok()).flatten()
}

/// A field that is there exactly once, in UTF-8.
pub(super) fn form_field(bytes: &[u8], name: &str) -> Option<String> {
    let decoded = form_urlencoded::parse(bytes);
    let mut values = decoded.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next()?;
    (values.next().is_none() && !value.contains(char::REPLACEMENT_CHARACTER)).then_some(value)
}
