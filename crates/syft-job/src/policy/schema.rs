use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::Date;

/// Longest list that a field may hold.
const LONGEST_LIST: usize = 1_000;
/// Most values of an enum.
const MOST_VALUES: usize = 1_000;
/// How deep lists of lists go.
const DEEPEST: usize = 4;

/// What one value of a free file may be. Every kind is bounded on all sides: text is
/// one of a list, and a number has both a least and a greatest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FieldText", into = "FieldText")]
pub struct Field {
    kind: Kind,
    optional: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Integer { min: i64, max: i64 },
    Number { min: f64, max: f64 },
    Boolean,
    Date { min: Date, max: Date },
    Enum(Vec<Value>),
    Array { items: Box<Field>, max: usize },
}

/// A field as the file says it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldText {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<KindText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<Value>,
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<Box<FieldText>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindText {
    Integer,
    Number,
    Boolean,
    Date,
    Array,
}

impl Field {
    /// The narrowest field that this value fits: the value itself, and of a list what
    /// lies between its least and its greatest.
    ///
    /// # Errors
    /// A sentence, for `null` and for objects, and for lists of several kinds.
    pub fn exactly(value: &Value) -> Result<Field, String> {
        let kind = match value {
            Value::Bool(_) | Value::String(_) => Kind::Enum(vec![value.clone()]),
            Value::Number(number) => exact_number(number)?,
            Value::Array(items) => {
                Kind::Array { items: Box::new(Field::around(items)?), max: items.len() }
            }
            Value::Null | Value::Object(_) => {
                return Err("null and objects in an object cannot be bounded".to_owned());
            }
        };
        let field = Field { kind, optional: false };
        // It must be one that can be written and read back.
        Field::try_from(FieldText::from(field))
    }

    fn around(items: &[Value]) -> Result<Field, String> {
        let Some(first) = items.first() else { return Err("an empty list has no kind".to_owned()) };
        let mut kind = Field::exactly(first)?.kind;
        for item in items {
            let other = Field::exactly(item)?.kind;
            kind = match (kind, other) {
                (Kind::Integer { min, max }, Kind::Integer { min: low, max: high }) => {
                    Kind::Integer { min: min.min(low), max: max.max(high) }
                }
                (Kind::Number { min, max }, Kind::Number { min: low, max: high }) => {
                    Kind::Number { min: min.min(low), max: max.max(high) }
                }
                (Kind::Enum(mut values), Kind::Enum(more)) => {
                    values.extend(more);
                    values.dedup();
                    Kind::Enum(values)
                }
                _ => return Err("a list of several kinds cannot be bounded".to_owned()),
            };
        }
        Ok(Field { kind, optional: false })
    }

    /// Whether a file may leave it out.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Whether a value fits.
    ///
    /// # Errors
    /// A sentence about what it has to be.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match &self.kind {
            Kind::Integer { min, max } => match value.as_i64() {
                Some(is) if (*min..=*max).contains(&is) => Ok(()),
                _ => Err(format!("has to be a whole number from {min} to {max}")),
            },
            Kind::Number { min, max } => match value.as_f64() {
                Some(is) if *min <= is && is <= *max => Ok(()),
                _ => Err(format!("has to be a number from {min} to {max}")),
            },
            Kind::Boolean if value.is_boolean() => Ok(()),
            Kind::Boolean => Err("has to be true or false".to_owned()),
            Kind::Date { min, max } => match value.as_str().map(Date::parse) {
                Some(Ok(is)) if *min <= is && is <= *max => Ok(()),
                _ => Err(format!("has to be a day from {min} to {max}")),
            },
            Kind::Enum(values) if items_hold(values, value) => Ok(()),
            Kind::Enum(values) => Err(format!("has to be one of {}", listed(values))),
            Kind::Array { items, max } => match value.as_array() {
                Some(list) if list.len() <= *max => {
                    let each = list.iter().try_for_each(|value| items.check(value));
                    each.map_err(|reason| format!("holds one that {reason}"))
                }
                _ => Err(format!("has to be a list of at most {max}")),
            },
        }
    }
}

fn exact_number(number: &Number) -> Result<Kind, String> {
    match (number.as_i64(), number.as_f64()) {
        (Some(is), _) => Ok(Kind::Integer { min: is, max: is }),
        (None, Some(is)) if is.is_finite() => Ok(Kind::Number { min: is, max: is }),
        _ => Err("a number of this size cannot be bounded".to_owned()),
    }
}

fn items_hold(values: &[Value], value: &Value) -> bool {
    values.iter().any(|known| known == value)
}

/// The values that the owner wrote, as JSON.
fn listed(values: &[Value]) -> String {
    const SHOWN: usize = 10;
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(Value::to_string).collect();
    if values.len() > SHOWN {
        shown.push(format!("{} more", values.len() - SHOWN));
    }
    syft_core::safe_text(&shown.join(", "))
}

impl TryFrom<FieldText> for Field {
    type Error = String;

    fn try_from(text: FieldText) -> Result<Field, String> {
        text.field(0)
    }
}

impl FieldText {
    fn field(self, depth: usize) -> Result<Field, String> {
        if depth > DEEPEST {
            return Err(format!("lists go {DEEPEST} deep at most"));
        }
        let FieldText { kind, min, max, values, items, optional } = self;
        let kind = match (kind, min, max, values, items) {
            (Some(KindText::Integer), Some(min), Some(max), None, None) => {
                match (min.as_i64(), max.as_i64()) {
                    (Some(min), Some(max)) if min <= max => Kind::Integer { min, max },
                    _ => return Err("an integer has whole numbers for min and max".to_owned()),
                }
            }
            (Some(KindText::Number), Some(min), Some(max), None, None) => {
                match (min.as_f64(), max.as_f64()) {
                    (Some(min), Some(max)) if min <= max && max.is_finite() && min.is_finite() => {
                        Kind::Number { min, max }
                    }
                    _ => return Err("a number has numbers for min and max".to_owned()),
                }
            }
            (Some(KindText::Boolean), None, None, None, None) => Kind::Boolean,
            (Some(KindText::Date), Some(min), Some(max), None, None) => {
                let day = |value: &Value| value.as_str().map(Date::parse);
                match (day(&min), day(&max)) {
                    (Some(Ok(min)), Some(Ok(max))) if min <= max => Kind::Date { min, max },
                    _ => return Err("a date has days as 2027-06-01 for min and max".to_owned()),
                }
            }
            (Some(KindText::Array), None, Some(max), None, Some(items)) => {
                let max = max.as_u64().and_then(|max| usize::try_from(max).ok());
                let max = max.filter(|max| *max <= LONGEST_LIST);
                let max = max.ok_or(format!("a list has a max of at most {LONGEST_LIST}"))?;
                Kind::Array { items: Box::new(items.field(depth + 1)?), max }
            }
            (None, None, None, Some(values), None) => {
                let plain =
                    |value: &Value| !value.is_null() && !value.is_array() && !value.is_object();
                if values.is_empty() || values.len() > MOST_VALUES || !values.iter().all(plain) {
                    let reason = "an enum has a few words, numbers or truth values";
                    return Err(reason.to_owned());
                }
                Kind::Enum(values)
            }
            _ => return Err(HOW.to_owned()),
        };
        Ok(Field { kind, optional })
    }
}

const HOW: &str = "a field is {type: integer, min: 1, max: 9}, the same of number and date, \
    {type: boolean}, {enum: [a, b]} or {type: array, max: 9, items: …}; text only by enum";

impl From<Field> for FieldText {
    fn from(field: Field) -> FieldText {
        let base = FieldText { optional: field.optional, ..FieldText::default() };
        let bounded = |kind, min, max| FieldText {
            kind: Some(kind),
            min: Some(min),
            max: Some(max),
            ..base.clone()
        };
        match field.kind {
            Kind::Integer { min, max } => bounded(KindText::Integer, min.into(), max.into()),
            Kind::Number { min, max } => bounded(KindText::Number, min.into(), max.into()),
            Kind::Boolean => FieldText { kind: Some(KindText::Boolean), ..base },
            Kind::Date { min, max } => {
                bounded(KindText::Date, min.as_str().into(), max.as_str().into())
            }
            Kind::Enum(values) => FieldText { values: Some(values), ..base },
            Kind::Array { items, max } => FieldText {
                kind: Some(KindText::Array),
                max: Some(max.into()),
                items: Some(Box::new(FieldText::from(*items))),
                ..base
            },
        }
    }
}
