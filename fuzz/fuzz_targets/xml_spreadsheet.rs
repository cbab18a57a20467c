//! The rows of an XML spreadsheet.
#![no_main]

const HEAD: &str = r#"<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table><Row><Cell><Data ss:Type="String">Phone</Data></Cell></Row>"#;

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    rollcall_fuzz::read(&[HEAD.as_bytes(), content, b"</Table></Worksheet></Workbook>"].concat());
});
