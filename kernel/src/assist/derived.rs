//! Functions that well-known derives write: setters of plotly, `new` and `with_..` of burn's configurations.
//!
//! Macros are not expanded; without these functions the builders of both libraries would look empty.

use syn::{Attribute, ItemStruct};

use super::attributes::derives;
use super::index::Kind;
use super::raw::{RawItem, RawType, Vis, plain};

/// The functions that the derives of `item` add to it; `fields` are its fields as read.
pub fn functions(item: &ItemStruct, fields: &[RawItem]) -> Vec<RawItem> {
    let derived = derives(&item.attrs);
    let has = |name: &str| derived.iter().any(|path| path.last().is_some_and(|last| last == name));
    let fields: Vec<Field<'_>> = item.fields.iter().zip(fields).map(|(field, read)| Field::of(field, read)).collect();
    let mut made = Vec::new();
    if has("FieldSetter") || item.attrs.iter().any(|attribute| attribute.path().is_ident("layout_structs")) {
        let boxed = says(&item.attrs, "field_setter", "box_self");
        made.push(function("default", Kind::Associated, "pub fn default() -> Self".to_owned(), "", "Self"));
        fields.iter().for_each(|field| field.setters(boxed, &mut made));
    }
    if has("Config") {
        made.extend(configuration(&fields));
    }
    if has("new") {
        let given =
            fields.iter().filter(|field| !says(field.attrs, "new", "default") && !says(field.attrs, "new", "value"));
        let given: Vec<&str> = given.map(|field| field.read.signature.as_str()).collect();
        let signature = format!("pub fn new({}) -> Self", given.join(", "));
        made.push(function("new", Kind::Associated, signature, "Makes one of its parts.", "Self"));
    }
    made
}

/// The structs that plotly's `#[layout_structs]` makes of one list of fields.
pub fn names(item: &ItemStruct) -> Vec<String> {
    match item.attrs.iter().any(|attribute| attribute.path().is_ident("layout_structs")) {
        true => vec!["Layout".to_owned(), "LayoutTemplate".to_owned()],
        false => vec![plain(&item.ident)],
    }
}

/// `new` takes what has no default, `with_..` sets the rest.
fn configuration(fields: &[Field<'_>]) -> Vec<RawItem> {
    let (needed, rest): (Vec<&Field<'_>>, Vec<&Field<'_>>) =
        fields.iter().partition(|field| field.inner().is_none() && !says(field.attrs, "config", "default"));
    let given: Vec<&str> = needed.iter().map(|field| field.read.signature.as_str()).collect();
    let docs: Vec<String> =
        needed.iter().map(|field| format!("- `{}`: {}", field.read.name, field.read.docs.replace('\n', " "))).collect();
    let docs = format!("Create a new instance of the config.\n\n{}", docs.join("\n"));
    let signature = format!("pub fn new({}) -> Self", given.join(", "));
    let mut made = vec![function("new", Kind::Associated, signature, docs.trim(), "Self")];
    made.extend(rest.iter().map(|field| {
        let name = format!("with_{}", field.read.name);
        let signature = format!("pub fn {name}(mut self, {}) -> Self", field.read.signature);
        function(&name, Kind::Method, signature, &field.read.docs, "Self")
    }));
    made
}

struct Field<'a> {
    read: &'a RawItem,
    attrs: &'a [Attribute],
}

impl<'a> Field<'a> {
    fn of(field: &'a syn::Field, read: &'a RawItem) -> Self {
        Self { read, attrs: &field.attrs }
    }

    /// `T` of a field of type `Option<T>`.
    fn inner(&self) -> Option<&str> {
        let ty = self.read.signature.split_once(": ")?.1;
        ty.strip_prefix("Option<")?.strip_suffix('>')
    }

    fn setters(&self, boxed: bool, made: &mut Vec<RawItem>) {
        let Some(inner) = self.inner().filter(|_| !says(self.attrs, "field_setter", "skip")) else { return };
        let returned = if boxed { "Box<Self>" } else { "Self" };
        let name = &self.read.name;
        let mut add = |name: &str, value: &str| {
            let signature = format!("pub fn {name}(mut self, value: {value}) -> {returned}");
            made.push(function(name, Kind::Method, signature, &self.read.docs, returned));
        };
        match inner.strip_prefix("Dim<").and_then(|inner| inner.strip_suffix('>')) {
            Some(one) => {
                let value = value(one);
                add(name, &value);
                add(&format!("{name}_array"), &format!("Vec<{value}>"));
            }
            None => add(name, &value(inner)),
        }
    }
}

/// What a setter takes for a field that holds `inner`.
fn value(inner: &str) -> String {
    match inner {
        "String" => "impl AsRef<str>".to_owned(),
        "Vec<String>" => "Vec<impl AsRef<str>>".to_owned(),
        "Box<dyn Color>" => "impl Color".to_owned(),
        "Vec<Box<dyn Color>>" => "Vec<impl Color>".to_owned(),
        "NumOrString" | "Title" | "LegendGroupTitle" => format!("impl Into<{inner}>"),
        "NumOrStringCollection" => "Vec<impl Into<NumOrString> + Clone>".to_owned(),
        _ => inner.strip_prefix("Box<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(inner).to_owned(),
    }
}

fn function(name: &str, kind: Kind, signature: String, docs: &str, of: &str) -> RawItem {
    let (name, docs, of) = (name.to_owned(), docs.to_owned(), RawType::parse(of));
    RawItem { name, kind, vis: Vis::Public, signature, docs, of, ..RawItem::default() }
}

/// True for `#[attribute(word)]` and `#[attribute(word = ..)]`.
fn says(attrs: &[Attribute], attribute: &str, word: &str) -> bool {
    attrs.iter().filter(|found| found.path().is_ident(attribute)).any(|found| match &found.meta {
        syn::Meta::List(list) => list.tokens.clone().into_iter().any(|token| token.to_string() == word),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::raw::RawModule;
    use super::super::reader::Reader;

    fn functions(source: &str) -> Vec<String> {
        let mut module = RawModule::default();
        Reader { source, everything: false }.read(&syn::parse_str(source).unwrap(), &mut module);
        let item = module.items.remove(0);
        item.children.into_iter().filter(|child| child.signature.contains("fn ")).map(|child| child.signature).collect()
    }

    #[test]
    fn setters_of_plotly() {
        let source = "#[derive(FieldSetter)] #[field_setter(box_self)] pub struct Bar<X> { name: Option<String>,\n\
                      color: Option<Dim<Box<dyn Color>>>, x: Option<Vec<X>>, #[field_setter(skip)] y: Option<X>, n: u8 }";
        assert_eq!(
            functions(source),
            [
                "pub fn default() -> Self",
                "pub fn name(mut self, value: impl AsRef<str>) -> Box<Self>",
                "pub fn color(mut self, value: impl Color) -> Box<Self>",
                "pub fn color_array(mut self, value: Vec<impl Color>) -> Box<Self>",
                "pub fn x(mut self, value: Vec<X>) -> Box<Self>",
            ]
        );
    }

    #[test]
    fn configurations_of_burn() {
        let source = "#[derive(Config, Debug)] pub struct LinearConfig { pub d_input: usize,\n\
                      #[config(default = true)] pub bias: bool, pub clip: Option<f32> }";
        assert_eq!(
            functions(source),
            [
                "pub fn new(d_input: usize) -> Self",
                "pub fn with_bias(mut self, bias: bool) -> Self",
                "pub fn with_clip(mut self, clip: Option<f32>) -> Self",
            ]
        );
    }

    #[test]
    fn other_structs_get_nothing() {
        assert!(functions("#[derive(Debug)] pub struct S { a: Option<u8> }").is_empty());
    }
}
