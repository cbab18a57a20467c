//! Detection of a file's format, and opening of the reader for it.

use std::{collections::VecDeque, io::Read, path::Path};

use super::{
    Compression, Content, Encoding, Fault, Format, InputInfo,
    documents::{
        grid::{self, Room},
        html, mail, xml_spreadsheet,
    },
    encoding::{self, CHOOSE_ONE, NAME_IT},
    file::{
        archive::{self, Inside},
        sniff,
        source::{Source, read_up_to},
    },
    json::Json,
    ldif::Entries,
    settings::ParseSettings,
    table::Table,
    table_header::OWN_MARK,
    text::{csv::Text, dialect, findings::Findings, layout::Layout},
    vcard::Cards,
    workbook::{Sheet, own, people},
};

/// Detects the format of a file and opens its table.
///
/// Fills `further_sheets` with the sheets to read as separate inputs.
pub(super) fn open_table(
    source: &mut Source,
    settings: &ParseSettings,
    info: &mut InputInfo,
    further_sheets: &mut VecDeque<String>,
) -> Result<Table, Fault> {
    let sample = sample(&mut source.look()?)?;
    if sample.is_empty() {
        return Err(Fault::Empty);
    }
    if sample.len() < sniff::SAMPLE_BYTES
        && sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&sample).trim_ascii().is_empty()
    {
        return Err(Fault::Blank);
    }
    let mut content = sniff::content(&sample);
    if content == Content::Xlsx && source.compression() == Compression::Plain {
        let file = source.seekable()?;
        if let Inside::List { name, others } = archive::look(&file, settings.member.as_deref())? {
            archive::unpack(source, &file, &name)?;
            let others =
                if others.is_empty() { String::new() } else { format!("; not read: {}", listed(&others)) };
            info.notes.push(format!("the list is `{name}` in a ZIP archive{others}"));
            info.compression = Compression::Zip;
            content = sniff::content(&self::sample(&mut source.look()?)?);
        }
    }
    match content {
        Content::Xlsx | Content::Xlsb | Content::Ods | Content::EncryptedOrLegacyExcel => {
            open_workbook(source, content, settings, info, further_sheets)
        }
        Content::Text => open_text(source, settings, info),
        // If the user names an encoding, the file is text.
        Content::Binary if settings.encoding.is_some() => open_text(source, settings, info),
        other => Err(Fault::Unsupported(other)),
    }
}

fn open_text(source: &mut Source, settings: &ParseSettings, info: &mut InputInfo) -> Result<Table, Fault> {
    let notes_before = info.notes.len();
    let encoding = if let Some(encoding) = settings.encoding {
        // rollcall writes UTF-8, whatever the encoding of the other files is.
        if is_own(&sample(&mut source.look()?)?) { encoding::UTF_8 } else { encoding }
    } else {
        let found = encoding::detect(source, settings.region)?;
        // --encoding applies to the lists, not to suppression files.
        let note = |note: String| {
            let bare = note.strip_suffix(NAME_IT).or_else(|| note.strip_suffix(CHOOSE_ONE));
            let bare =
                bare.filter(|_| settings.is_of_numbers()).map(|bare| format!("{bare}; save it as UTF-8"));
            bare.unwrap_or(note)
        };
        info.notes.extend(found.notes.into_iter().map(note));
        found.encoding
    };
    info.encoding = Some(encoding.name());
    let sample = sample(&mut encoding::decoded(source, encoding)?)?;
    let found = match settings.format {
        // A list may begin like another format: `[phone]` can be a header.
        Some(Format::Csv) => Content::Csv,
        _ => sniff::text_content(&sample),
    };
    if found == Content::Mail
        && let Some(cards) = mail::cards(&html::whole(source)?)
    {
        source.replace_by(cards.as_slice())?;
        info.notes.push("rollcall reads only the vCards attached to this mail".to_owned());
        return open_text(source, settings, info);
    }
    if matches!(found, Content::Html | Content::WebArchive | Content::XmlSpreadsheet) {
        return open_grid(source, found, encoding, settings, info);
    }
    match found {
        Content::Csv => {}
        Content::Json => {
            let json = Json::open(source, encoding, &sample, settings)?;
            info.notes.extend(json.notes.iter().cloned());
            info.format = if json.has_lines() { Format::Ndjson } else { Format::Json };
            return Ok(Table::Json(json));
        }
        Content::Vcard => {
            let cards = Cards::open(source, encoding, settings)?;
            if encoding.is_ascii_compatible() {
                // Each property may name its own encoding.
                info.notes.truncate(notes_before);
            }
            info.format = Format::Vcard;
            info.encoding = Some(cards.encoding().name());
            info.notes.extend(cards.notes.iter().cloned());
            return Ok(Table::Cards(cards));
        }
        // Directories hold more than people, so nothing is read from one unless the user says so.
        Content::Ldif if settings.format == Some(Format::Ldif) => {
            let entries = Entries::open(source, encoding, settings)?;
            info.format = Format::Ldif;
            info.notes.extend(entries.notes.iter().cloned());
            return Ok(Table::Entries(entries));
        }
        other => return Err(Fault::Unsupported(other)),
    }
    let named = dialect::named_delimiter(&sample);
    let list = named.map_or(sample.as_slice(), |_| {
        let end = memchr::memchr2(b'\n', b'\r', &sample).unwrap_or(sample.len());
        &sample[end..]
    });
    let is_whole_file = sample.len() < sniff::SAMPLE_BYTES;
    let find = |given| dialect::find(list, is_whole_file, &settings.mappings, given);
    let mut found = find(settings.delimiter.or(named));
    if let Some(named) = named
        && settings.delimiter.is_none()
        && found.width == 0
    {
        let other = find(None);
        if other.width > 1 {
            let (named, other) = (char::from(named), char::from(other.dialect.delimiter));
            info.notes
                .push(format!("the first line names the delimiter `{named}`, but the rows use `{other}`"));
        }
        found = other;
    }
    info.format = Format::Csv;
    info.delimiter = Some(found.dialect.delimiter);
    if found.dialect.quote == b'\'' {
        info.notes.push(
            "rollcall reads apostrophes around cells as quotation marks, because nearly all rows have them"
                .to_owned(),
        );
    }
    if let Some((open, close)) = found.dialect.enclosure {
        info.notes.push(format!(
            "rollcall removes `{open}` and `{close}` around cells, because nearly all rows have them"
        ));
    }
    Ok(Table::Text(Text {
        encoding,
        dialect: found.dialect,
        skips_first_line: named.is_some(),
        layout: Layout::guessed(found.width),
        refuses_doubt: false,
        findings: Findings::default(),
    }))
}

/// Returns whether a text is a file of rejected rows, judged by its first line.
fn is_own(sample: &[u8]) -> bool {
    let header =
        sample.strip_prefix(b"\xef\xbb\xbf").and_then(|text| text.split(|byte| *byte == b'\n').next());
    header.is_some_and(|header| memchr::memmem::find(header, OWN_MARK.as_bytes()).is_some())
}

/// Opens a text with marked-up tables.
fn open_grid(
    source: &mut Source,
    content: Content,
    likeliest: Encoding,
    settings: &ParseSettings,
    info: &mut InputInfo,
) -> Result<Table, Fault> {
    let bytes = html::whole(source)?;
    let mut grids = Vec::new();
    if content == Content::WebArchive {
        grids = mail::tables(&bytes)?;
        info.encoding = None;
    } else {
        let named = match content {
            Content::Html => html::named_encoding(&bytes),
            _ => xml_spreadsheet::named_encoding(&bytes),
        };
        let (text, encoding) = html::decode(&bytes, settings.encoding, named, likeliest);
        info.encoding = Some(encoding.name());
        if content == Content::Html {
            html::tables(&text, "Table ", &mut grids, &mut Room::of(text.len()))?;
        } else {
            grids = xml_spreadsheet::tables(&text)?;
        }
    }
    let chosen = grid::choose(grids, settings)?.ok_or(Fault::Unsupported(content))?;
    info.format = if content == Content::XmlSpreadsheet { Format::XmlSpreadsheet } else { Format::Html };
    info.sheet = Some(chosen.grid.sheet.name.clone()).filter(|_| !chosen.choice.others.is_empty());
    info.notes.extend(chosen.notes.iter().cloned());
    Ok(Table::Grid(Box::new(chosen)))
}

/// Returns the first names, each in backticks.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut list: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        list.push(format!("and {} more", names.len() - SHOWN));
    }
    list.join(", ")
}

fn open_workbook(
    source: &mut Source,
    content: Content,
    settings: &ParseSettings,
    info: &mut InputInfo,
    further_sheets: &mut VecDeque<String>,
) -> Result<Table, Fault> {
    let (mut sheet, own) =
        match Sheet::open(&source.seekable()?, source.outer_len(), content, settings.sheet.as_deref()) {
            Ok(mut sheet) if settings.sheet.is_none() && !settings.is_of_numbers() => {
                let own = own::choose(&mut sheet)?;
                (sheet, own)
            }
            Ok(sheet) => (sheet, None),
            // The given sheet belongs to another file of the run.
            Err(fault @ Fault::NoSuchSheet { .. }) => {
                let mut sheet = Sheet::open(&source.seekable()?, source.outer_len(), content, None)?;
                let own = own::choose(&mut sheet)?;
                if own.is_none() {
                    return Err(fault);
                }
                (sheet, own)
            }
            Err(fault) => return Err(fault),
        };
    info.format = sheet.format;
    if let Some(further) = own {
        info.sheet = Some(sheet.choice.sheet.name.clone());
        *further_sheets = further;
        return Ok(Table::Sheet(Box::new(sheet)));
    }
    let mut passed_over = None;
    if settings.sheet.is_none() && !settings.is_of_numbers() {
        passed_over = people::choose(&mut sheet, settings)?;
    }
    if let Some(first) = &passed_over {
        let chosen = &sheet.choice.sheet.name;
        info.notes.push(format!(
            "sheet `{first}` holds no list of people; rollcall reads sheet `{chosen}` instead"
        ));
    }
    info.sheet = Some(sheet.choice.sheet.name.clone());
    // In a suppression list, all sheets are read.
    let seen = sheet
        .choice
        .others
        .iter()
        .filter(|other| !other.is_hidden && Some(&other.name) != passed_over.as_ref());
    let others = seen.map(|other| other.name.as_str()).collect::<Vec<_>>().join(", ");
    if settings.sheet.is_none() && !settings.is_of_numbers() && !others.is_empty() {
        info.notes.push(format!("other sheets are not read: {others}; --sheet chooses one"));
    }
    info.notes.extend(sheet.note.take());
    Ok(Table::Sheet(Box::new(sheet)))
}

/// Returns a note if the ending of a file's name suggests another format than its content.
pub(super) fn name_note(path: &Path, format: Format) -> Option<String> {
    let compression = |ending: &str| matches!(ending, "gz" | "zst" | "zstd");
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let ending = ending(path)
        .filter(|ending| !compression(ending))
        .or_else(|| ending(Path::new(path.file_stem()?)))?;
    let promised: &[Format] = match ending.as_str() {
        "csv" | "tsv" => &[Format::Csv],
        "xlsx" | "xlsm" => &[Format::Xlsx],
        "xlsb" => &[Format::Xlsb],
        "xls" => &[Format::Xls],
        "htm" | "html" | "mht" | "mhtml" => &[Format::Html],
        "ods" => &[Format::Ods],
        "json" | "ndjson" | "jsonl" => &[Format::Json, Format::Ndjson],
        "vcf" | "vcard" => &[Format::Vcard],
        "ldif" | "ldi" => &[Format::Ldif],
        _ => return None,
    };
    (!promised.contains(&format)).then(|| format!("its name ends in .{ending}, but it is {}", format.title()))
}

fn sample(bytes: &mut (impl Read + ?Sized)) -> Result<Vec<u8>, Fault> {
    let mut sample = vec![0; sniff::SAMPLE_BYTES];
    let filled = read_up_to(bytes, &mut sample).map_err(Fault::from_io)?;
    sample.truncate(filled);
    Ok(sample)
}
