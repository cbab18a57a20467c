use std::fs;

use super::*;
use crate::parse::preview::Preview;

fn read(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    fs::write(&path, text).unwrap();
    let mut source = Source::open(&path).unwrap();
    let json = Json::open(&mut source, encoding::UTF_8, text.as_bytes(), &ParseSettings::default())
        .map_err(|fault| fault.to_string())?;
    let mut preview = Preview::new(usize::MAX);
    json.visit(&mut source, &mut preview).map_err(|fault| fault.to_string())?;
    let line = |row: crate::row::Row<'_>| {
        let cells: Vec<_> = row.cells().map(|cell| String::from_utf8_lossy(cell.text).into_owned()).collect();
        format!("{}:{}", row.location.row, cells.join("|"))
    };
    Ok((json.names, preview.rows.iter().map(line).collect()))
}

#[test]
fn lists_are_found_in_all_their_shapes() {
    let expected =
        (vec!["name".to_owned(), "phone".to_owned()], vec!["1:Asha|1".to_owned(), "2:Li|2".to_owned()]);
    for text in [
        r#"[{"name": "Asha", "phone": "1"}, {"name": "Li", "phone": "2"}]"#,
        r#"{"total": 2, "results": [{"name": "Asha", "phone": "1"}, {"name": "Li", "phone": "2"}], "more": {}}"#,
        r#"{"data": {"results": [{"name": "Asha", "phone": "1"}, {"phone": "2", "name": "Li"}]}}"#,
        "{\"name\": \"Asha\", \"phone\": \"1\"}\n{\"name\": \"Li\", \"phone\": \"2\"}\n",
    ] {
        assert_eq!(read(text).unwrap(), expected, "{text}");
    }
    assert_eq!(read(r#"{"phone": "1"}"#).unwrap().1, ["1:1"]);
    assert_eq!(read("{\"a\": 1}\n\n{\"b\": 2}\n").unwrap().1, ["1:1|", "3:|2"]);
}

#[test]
fn nested_fields_are_columns_and_numbers_keep_their_digits() {
    let (names, rows) = read(
        r#"[{"cellPhone": {"phoneNumber": 919876543210.0, "countryCode": "+91"}, "ok": true, "none": null},
            {"phones": ["1", "2"], "big": 12345678901234567890123, "lost": 9.1E+11, "ok": false, "ok": true}]"#,
    )
    .unwrap();
    assert_eq!(
        names,
        [
            "cellPhone.phoneNumber",
            "cellPhone.countryCode",
            "ok",
            "none",
            "phones.1",
            "phones.2",
            "big",
            "lost"
        ]
    );
    assert_eq!(rows[0], "1:919876543210|+91|TRUE||||||".trim_end_matches('|').to_owned() + "|||||");
    assert_eq!(rows[1], "2:||FALSE||1|2|12345678901234567890123|9.1E+11");
}

#[test]
fn invalid_json_is_refused_with_its_position() {
    for (text, message) in [
        ("[{\"a\": 1}, 2]", "record 2: not an object with the fields of a contact"),
        ("[{\"a\": 1},\n {\"a\": }]", "line 2: expected value"),
        ("[{\"a\": 1}", "line 1: EOF while parsing a list"),
        ("{\"a\": 1}\n{\"a\": \n", "line 2: EOF while parsing a value"),
        (
            "[{'phone': '1'}]",
            "line 1: names are in single quotation marks, as Python prints them. JSON needs double ones: write the file with json.dumps",
        ),
        ("[{\"phone\": \"1\"},\n]", "line 2: trailing comma"),
    ] {
        assert_eq!(read(text).unwrap_err(), message, "{text}");
    }
}

#[test]
fn deep_records_become_one_cell_and_endless_ones_are_refused() {
    let deep = format!("[{}1{}]", "{\"a\":".repeat(50), "}".repeat(50));
    let (names, rows) = read(&deep).unwrap();
    assert_eq!((names, rows.len()), (vec![["a"; 9].join(".")], 1));
    let very_deep = format!("[{}]", "[".repeat(100_000));
    assert!(read(&very_deep).is_err());
    let long = format!("{{\"a\": 1}}\n{{\"a\": \"{}", "x".repeat(MAX_RECORD_BYTES + 100_000));
    assert!(read(&long).unwrap_err().contains("longer than 16 MiB"));
    let wide: Vec<String> = (0..600).map(|n| format!("\"c{n}\": 1")).collect();
    assert!(read(&format!("[{{{}}}]", wide.join(","))).unwrap_err().contains("more than 512"));
}

#[test]
fn commas_inside_strings_do_not_count_as_cells() {
    let table = r#"{"name": ["Vale, Ida", "a\",,\\"], "phone": ["1", "2"]}"#;
    assert!(has_more_cells(table, 2));
    assert!(!has_more_cells(table, 3), "two in the lists, and one between them");
    assert!(!has_more_cells(&format!("[\"{}\"]", ",".repeat(100)), 0));
}

#[test]
fn table_with_few_common_rows_is_refused_with_the_reason() {
    let column = |number: usize| {
        let cells: Vec<String> = (0..20).map(|row| format!("\"{number}-{row}\":1")).collect();
        format!("\"c{number}\":{{{}}}", cells.join(","))
    };
    let table = format!("{{{}}}", (0..60).map(column).collect::<Vec<_>>().join(","));
    let Err(fault) = columns_of(&table) else { panic!("read") };
    assert!(fault.to_string().starts_with("the table: its columns have few rows in common"), "{fault}");
    for (table, reason) in [("[[], [1]]", "one of its columns is empty"), ("[1, 2]", "not a table")] {
        let Err(fault) = columns_of(table) else { panic!("read") };
        assert!(fault.to_string().contains(reason), "{fault}");
    }
}

#[test]
fn records_with_long_cells_and_lists_are_read() {
    let image = "iVBORw0KGgo".repeat(100_000);
    let (_, rows) = read(&format!(r#"[{{"name": "Ida", "phone": "1", "image": "{image}"}}]"#)).unwrap();
    assert!(rows[0].starts_with("1:Ida|1|iVBOR"), "{:.80}", rows[0]);
    let calls: Vec<String> = (0..400).map(|n| format!(r#"{{"day": {n}, "result": "busy"}}"#)).collect();
    let (names, rows) =
        read(&format!(r#"[{{"name": "Ida", "phones": ["1", "2"], "calls": [{}]}}]"#, calls.join(",")))
            .unwrap();
    assert_eq!(names, ["name", "phones.1", "phones.2", "calls"]);
    assert!(rows[0].starts_with(r#"1:Ida|1|2|[{"day": 0,"#), "{:.80}", rows[0]);
}

const IDA: &str = r#"{"first_name": "Ida", "last_name": "Vale", "phone": "1"}"#;
const TOM: &str = r#"{"first_name": "Tom", "last_name": "Reed", "phone": "2"}"#;

#[test]
fn lists_of_people_are_found_anywhere_in_a_document() {
    for shape in [
        "[IDA, TOM]",
        "{\"payload\": [IDA, TOM], \"meta\": {\"count\": 2}}",
        "{\"records\": 2, \"rows\": [IDA, TOM]}",
        "{\"jsonrpc\": \"2.0\", \"result\": {\"length\": 2, \"records\": [IDA, TOM]}}",
        "{\"d\": {\"results\": [IDA, TOM]}}",
        "{\"c_1\": IDA, \"c_2\": TOM}",
        "[{\"contact\": IDA}, {\"contact\": TOM}]",
        "\u{feff}IDA\n\u{feff}TOM\n",
        "\u{1e}IDA\n\u{1e}TOM\n",
        "IDA\n\0\nTOM\0",
        "{\"contacts\": {\"-Nx1\": IDA, \"-Nx2\": TOM}, \"version\": 3}",
        "[{\"name\": \"Example Ltd\", \"staff\": [IDA]}, {\"name\": \"Sample Ltd\", \"staff\": [TOM]}]",
        "{\"pages\": [{\"items\": [IDA]}, {\"items\": [TOM]}]}",
        "IDA\n\nTOM\n",
        "IDATOM",
        "{\"items\": [IDA]}\n{\"items\": [TOM]}\n",
        "[{\"type\": \"header\"}, {\"type\": \"table\", \"name\": \"tags\", \"data\": [{\"name\": \"x\"}]}, {\"type\": \"table\", \"name\": \"contacts\", \"data\": [IDA, TOM]}]",
        "{\"tags\": [{\"id\": 1, \"name\": \"x\"}], \"people\": [IDA, TOM], \"fields\": [{\"id\": \"phone\", \"label\": \"Phone\"}]}",
    ] {
        let (names, rows) = read(&shape.replace("IDA", IDA).replace("TOM", TOM)).unwrap();
        assert_eq!(names, ["first_name", "last_name", "phone"], "{shape}");
        let rows: Vec<&str> = rows.iter().map(|row| row.split_once(':').unwrap().1).collect();
        assert_eq!(rows, ["Ida|Vale|1", "Tom|Reed|2"], "{shape}");
    }
}

#[test]
fn tables_of_lists_are_read_with_their_column_names() {
    for table in [
        r#"[["first_name", "last_name", "phone"], ["Ida", "Vale", "1"], ["Tom", "Reed", "2"]]"#,
        "[\"first_name\", \"last_name\", \"phone\"]\n[\"Ida\", \"Vale\", \"1\"]\n[\"Tom\", \"Reed\", \"2\"]\n",
        r#"{"range": "A1:C3", "majorDimension": "ROWS", "values": [["first_name", "last_name", "phone"], ["Ida", "Vale", "1"], ["Tom", "Reed", "2"]]}"#,
        r#"{"majorDimension": "COLUMNS", "values": [["first_name", "Ida", "Tom"], ["last_name", "Vale", "Reed"], ["phone", "1", "2"]]}"#,
        r#"{"columns": ["first_name", "last_name", "phone"], "index": [0, 1], "data": [["Ida", "Vale", "1"], ["Tom", "Reed", "2"]]}"#,
        r#"{"rows": [["Ida", "Vale", "1"], ["Tom", "Reed", "2"]], "fields": [{"name": "first_name"}, {"name": "last_name"}, {"name": "phone"}]}"#,
        r#"{"first_name": {"0": "Ida", "1": "Tom"}, "last_name": {"0": "Vale", "1": "Reed"}, "phone": {"0": "1", "1": "2"}}"#,
        r#"{"first_name": ["Ida", "Tom"], "last_name": ["Vale", "Reed"], "phone": ["1", "2"]}"#,
    ] {
        let (names, rows) = read(table).unwrap();
        assert_eq!(names, ["first_name", "last_name", "phone"], "{table}");
        let rows: Vec<&str> = rows.iter().map(|row| row.split_once(':').unwrap().1).collect();
        assert_eq!(rows, ["Ida|Vale|1", "Tom|Reed|2"], "{table}");
    }
}

#[test]
fn wrapper_objects_around_fields_are_removed_from_names() {
    for (text, expected) in [
        (
            r#"{"results": [{"id": 7, "properties": {"firstname": "Ida", "phone": "1"}}]}"#,
            ["id", "firstname", "phone"],
        ),
        (
            r#"{"data": {"people": {"edges": [{"cursor": "x", "node": {"firstname": "Ida", "phone": "1"}}]}}}"#,
            ["cursor", "firstname", "phone"],
        ),
        (
            r#"{"hits": {"hits": [{"_id": 7, "_source": {"firstname": "Ida", "phone": "1"}}]}}"#,
            ["_id", "firstname", "phone"],
        ),
        (
            r#"{"contacts": [{"vid": 7, "properties": {"firstname": {"value": "Ida"}, "phone": {"value": "1"}}}]}"#,
            ["vid", "firstname", "phone"],
        ),
        (r#"[{"id": 7, "attributes": {"id": 8, "phone": "1"}}]"#, ["id", "attributes.id", "phone"]),
        (r#"[{"id": 7, "customer": {"firstname": "Ida", "phone": "1"}}]"#, ["id", "firstname", "phone"]),
        // Another person's phone is not the record's phone.
        (r#"[{"id": 7, "owner": {"name": "Ida", "phone": "1"}}]"#, ["id", "owner.name", "owner.phone"]),
    ] {
        assert_eq!(read(text).unwrap().0, expected, "{text}");
    }
}

#[test]
fn several_lists_of_people_are_refused_without_a_choice() {
    let settings =
        |sheet: Option<&str>| ParseSettings { sheet: sheet.map(str::to_owned), ..ParseSettings::default() };
    let open = |text: &str, settings: &ParseSettings| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, text).unwrap();
        let mut source = Source::open(&path).unwrap();
        let json = Json::open(&mut source, encoding::UTF_8, text.as_bytes(), settings)
            .map_err(|fault| fault.to_string())?;
        let mut preview = Preview::new(usize::MAX);
        json.visit(&mut source, &mut preview).unwrap();
        Ok::<_, String>((preview.rows.len(), json.notes.join("; ")))
    };
    let several = format!("{{\"leads\": [{IDA}], \"do_not_call\": [{TOM}, {TOM}]}}");
    assert_eq!(
        open(&several, &settings(None)).unwrap_err(),
        "several lists contain people: `leads` (1 record), `do_not_call` (2 records)"
    );
    assert_eq!(open(&several, &settings(Some("leads"))).unwrap().0, 1);
    assert!(open(&several, &settings(Some("lead"))).unwrap_err().contains("no list `lead`"));
    let numbers = ParseSettings { list: crate::parse::ListKind::Numbers, ..ParseSettings::default() };
    assert_eq!(open(&several, &numbers).unwrap().0, 3, "all lists of numbers not to call");

    let company = format!("[{{\"name\": \"Example Ltd\", \"phone\": \"9\", \"staff\": [{IDA}, {TOM}]}}]");
    let (rows, notes) = open(&company, &settings(None)).unwrap();
    assert_eq!(rows, 2);
    assert!(notes.contains("lists without first and last names are not read: `[]` (1 record)"), "{notes}");
    let vague = "[{\"name\": \"A B\", \"phone\": \"9\", \"staff\": [{\"name\": \"C D\", \"phone\": \"8\"}]}]";
    assert!(open(vague, &settings(None)).unwrap_err().contains("`[].staff` (1 record)"));
    let relatives = format!("[{}]", IDA.replace('}', &format!(", \"relatives\": [{TOM}]}}")));
    let (rows, notes) = open(&relatives, &settings(None)).unwrap();
    assert_eq!(
        (rows, notes.as_str()),
        (1, "not read, because they are inside people's records: `[].relatives` (1 record)")
    );
    let order =
        IDA.replace('}', r#", "items": [{"sku": "A1", "name": "Kettle"}, {"sku": "B2", "name": "Jug"}]}"#);
    let (rows, notes) = open(&order, &settings(None)).unwrap();
    assert_eq!(
        (rows, notes.as_str()),
        (1, "rollcall reads the document as one record; lists without people in it: `items` (2 records)")
    );
    for bare in [
        "[\"+1 202 555 0100\", \"+1 202 555 0101\"]",
        "{\"numbers\": [\"+1 202 555 0100\", \"+1 202 555 0101\"]}",
    ] {
        assert_eq!(open(bare, &numbers).unwrap().0, 2, "{bare}");
    }
}

#[test]
fn values_in_other_notations_are_converted() {
    let (_, rows) = read(
        "{\"phone\": {\"$numberLong\": \"12025550100\"}, \"_id\": {\"$oid\": \"5f\"}}\n{\"phone\": \"2\"}\n",
    )
    .unwrap();
    assert_eq!(rows, ["1:12025550100|5f", "2:2|"]);
    let (_, rows) = read(r#"[{"name": "None NaN", "phone": NaN, "a": -Infinity, "ok": True, "b": None}, {"phone": "\"NaN\"", "a": undefined}]"#).unwrap();
    assert_eq!(rows, ["1:None NaN|||TRUE|", "2:|\"NaN\"|||"]);
    let (_, rows) =
        read(r#"[{"phone": "+1 202 555 0100", "phone": "+1 202 555 0101", "a": "x", "a": "y"}]"#).unwrap();
    assert_eq!(rows, ["1:+1 202 555 0100; +1 202 555 0101|x"]);
    let far = format!("[{{\"a\": \"{}\", \"phone\": NaN}}]", "x".repeat(16 * 1024 - 20));
    assert!(read(&far).unwrap().1[0].ends_with("x|"));
}

#[test]
fn typed_values_null_records_and_script_guards_are_accepted() {
    let (names, rows) = read(
        r#"{"Items": [{"name": {"S": "Asha"}, "phone": {"N": "1"}}, null, {"name": {"S": "Li"}, "phone": {"S": "2"}}]}"#,
    )
    .unwrap();
    assert_eq!((names.join(" "), rows.join(" ")), ("name phone".to_owned(), "1:Asha|1 3:Li|2".to_owned()));
    let (names, rows) = read(
        r#"{"documents": [{"fields": {"name": {"stringValue": "Asha"}, "phone": {"integerValue": "1"}}}]}"#,
    )
    .unwrap();
    assert_eq!((names.join(" "), rows.join(" ")), ("name phone".to_owned(), "1:Asha|1".to_owned()));
    for text in [
        r##"{"contact": [{"name": {"#text": "Asha"}, "phone": {"#text": "1"}}]}"##,
        r#"{"feed": {"entry": [{"gsx$name": {"$t": "Asha"}, "gsx$phone": {"$t": "1"}}]}}"#,
        r#"{"members": [{"merge_fields": {"NAME": "Asha", "PHONE": "1"}}]}"#,
    ] {
        let (names, rows) = read(text).unwrap();
        assert_eq!(
            (names.join(" ").to_lowercase().as_str(), rows.join(" ").as_str()),
            ("name phone", "1:Asha|1")
        );
    }
    let (names, _) = read(r#"[{"phone": "1", "size": {"S": {"a": 1}}}]"#).unwrap();
    assert_eq!(names, ["phone", "size.S.a"]);
    assert_eq!(read(")]}'\n[{\"name\": \"Asha\", \"phone\": \"1\"}]").unwrap().1, ["1:Asha|1"]);
}

#[test]
fn people_by_key_are_read_and_people_by_number_are_refused() {
    let by_key =
        r#"{"a_1": {"name": "Asha", "phone": "1"}, "a_2": {"name": "Li", "phone": "2"}, "version": 3}"#;
    assert_eq!(read(by_key).unwrap().1, ["1:Asha|1", "2:Li|2"]);
    // An order with two addresses is one record.
    let order =
        r#"{"billing": {"name": "Asha", "phone": "1"}, "shipping": {"name": "Asha", "phone": "2"}, "id": 3}"#;
    assert_eq!(read(order).unwrap().1.len(), 1);
    let by_number = r#"{"+12025550100": {"name": "Asha"}, "+12025550101": {"name": "Li"}}"#;
    assert!(read(by_number).unwrap_err().contains("keyed by phone number"));
}

#[test]
fn named_cells_keep_their_rows_in_any_order() {
    let (names, rows) = read(r#"{"name": {"3": "Asha", "7": "Li"}, "phone": {"7": "2", "3": "1"}}"#).unwrap();
    assert_eq!((names.join(" "), rows.join(" ")), ("name phone".to_owned(), "1:Asha|1 2:Li|2".to_owned()));
}

#[test]
fn truncated_line_is_reported_instead_of_the_next_line() {
    let error =
        read("{\"name\": \"Asha\", \"phone\": \"1\"}\n{\"name\": \"Li\", \"pho\n{\"name\": \"Mia\"}\n");
    assert!(error.unwrap_err().contains("line 2"));
}

#[test]
fn outermost_list_is_read_if_no_list_has_known_numbers() {
    let (names, _) =
        read(r#"{"rows": [{"c": [{"v": "Asha"}, {"v": "1"}]}, {"c": [{"v": "Li"}, {"v": "2"}]}]}"#).unwrap();
    assert_eq!(names, ["c.1.v", "c.2.v"]);
}

// Source: the leads of an advertising form, as Meta's API returns them; the submissions of a HubSpot form, with types.
#[test]
fn fields_with_labels_are_columns() {
    let leads = r#"{"data": [
        {"id": "1", "field_data": [{"name": "full_name", "values": ["Asha Rao"]}, {"name": "phone_number", "values": ["1"]}]},
        {"id": "2", "field_data": [{"name": "phone_number", "values": ["2", "3"]}, {"name": "full_name", "values": ["Li Na"]}]}
    ]}"#;
    let (names, rows) = read(leads).unwrap();
    assert_eq!(names, ["id", "full_name", "phone_number", "phone_number.1", "phone_number.2"]);
    assert_eq!(rows, ["1:1|Asha Rao|1||", "2:2|Li Na||2|3"]);
    let forms = r#"{"results": [{"values": [
        {"name": "firstname", "value": "Asha", "objectTypeId": "0-1"}, {"name": "phone", "value": "1", "objectTypeId": "0-1"}
    ]}]}"#;
    assert_eq!(read(forms).unwrap().1, ["1:Asha|1"]);
    let phones = r#"[{"name": "Asha", "phones": [{"label": "mobile", "value": "1"}, {"label": "home", "value": "2"}]}]"#;
    assert!(read(phones).unwrap().0.contains(&"phones.2.value".to_owned()));
}
