//! The letters of languages, most frequent first. They distinguish a correct decoding of bytes from a wrong one.
//!
//! For languages in Latin letters, only letters beyond ASCII are listed, because every encoding reads the others alike.

use std::collections::HashMap;

use crate::script::Script;

/// A language, or a group of languages that a list may mix.
pub(super) struct Language {
    /// Regions whose lists probably contain it.
    pub(super) regions: &'static [&'static str],
    /// The calling codes of these regions.
    pub(super) calling_codes: &'static [&'static str],
    pub(super) script: Script,
    /// Its letters in lower case, most frequent first. For Han and Hangul, the letters of common names.
    pub(super) letters: &'static str,
}

const fn of(
    script: Script,
    regions: &'static [&'static str],
    calling_codes: &'static [&'static str],
    letters: &'static str,
) -> Language {
    Language { regions, calling_codes, script, letters }
}

use Script::{Arabic, Cyrillic, EastAsian, Greek, Hebrew, Latin, Thai};

/// Western Europe as a whole, for customer lists without a more specific region.
pub(super) const WESTERN: usize = 0;

/// All languages that are considered.
pub(super) static ALL: [Language; 39] = [
    of(
        Latin,
        &["US", "GB", "CA", "AU", "IE", "NZ", "ZA", "IN", "LU", "SG"],
        &["1", "44", "61", "353", "64", "27", "91", "352", "65"],
        "éüöäáíóñèçëßãøåúêôîïàæõâûòìùœÿýðþ",
    ),
    of(Latin, &["DE", "AT", "CH", "LI"], &["49", "43", "41"], "üöäßéèëçáø"),
    of(
        Latin,
        &["FR", "BE", "CH", "CA", "MA", "TN", "DZ", "SN", "CI"],
        &["33", "32", "41", "212", "216", "213", "221", "225"],
        "éèëçïêôîâàûüùœÿæö",
    ),
    of(
        Latin,
        &["ES", "MX", "AR", "CO", "CL", "PE", "EC", "VE", "UY", "BO", "CR", "DO", "GT", "US"],
        &["34", "52", "54", "57", "56", "51", "593", "58", "598", "591"],
        "áéíóñúüçàè",
    ),
    of(Latin, &["PT", "BR", "AO", "MZ"], &["351", "55", "244", "258"], "ãéçáíâóêôúõàü"),
    of(Latin, &["ES", "AD"], &["34", "376"], "àèíçòóúéïü"),
    of(Latin, &["IT", "CH", "SM"], &["39", "41"], "òàèìùé"),
    of(Latin, &["NL", "BE", "SR"], &["31", "32"], "ëéïèöüóçâ"),
    of(Latin, &["SE", "FI"], &["46", "358"], "öäåéüóøæ"),
    of(Latin, &["NO", "DK", "FO", "GL"], &["47", "45", "298"], "øåæéöäüóô"),
    of(Latin, &["IS"], &["354"], "óíáöúéþðæý"),
    of(Latin, &["PL"], &["48"], "łńśóżąęćźü"),
    of(Latin, &["CZ"], &["420"], "áířéěčýšžůúóňťď"),
    of(Latin, &["SK"], &["421"], "áíčéšýžúľôťňóďäĺŕ"),
    of(Latin, &["HU"], &["36"], "áéóöőíüúű"),
    of(Latin, &["RO", "MD"], &["40", "373"], "ăîșțşţâ"),
    of(Latin, &["HR", "SI", "BA", "RS", "ME", "MK"], &["385", "386", "387", "381", "382"], "ćčšžđ"),
    of(Latin, &["TR", "AZ", "CY"], &["90", "994", "357"], "ışüöçğiâîə"),
    of(Latin, &["LT"], &["370"], "ėšžūčųįąę"),
    of(Latin, &["LV"], &["371"], "āīēšņūžļģčķŗ"),
    of(Latin, &["EE", "FI"], &["372", "358"], "äõüöšž"),
    of(Latin, &["AL", "XK"], &["355", "383"], "ëç"),
    of(
        Latin,
        &["VN"],
        &["84"],
        "nguễnịạầảươđếốộứđăâêôơưàáãèéìíòóõùúýỉọờớởợụủừữựỳỷỹẹẽẻềểệồổỗẩẫậấắằẳẵặ\u{300}\u{301}\u{303}\u{309}\u{323}",
    ),
    of(
        Cyrillic,
        &["RU", "KZ", "BY", "KG", "UZ"],
        &["7", "375", "996", "998"],
        "аоеинрвлкстмдяугйпьбюхшчзцжщыфэёєъі",
    ),
    of(Cyrillic, &["UA"], &["380"], "оаиренквлітнсмдпуйбяьгзчшхїцюжєщфґ"),
    of(Cyrillic, &["BY"], &["375"], "аінркевосліцмдйыпуўяьбгзшчжхюёэфт"),
    of(Cyrillic, &["BG", "MK"], &["359", "389"], "аоиевнтрлскдгмпябцзйчхшфжюьщъу"),
    of(Cyrillic, &["RS", "ME", "MK", "BA"], &["381", "382", "389"], "аиоенврћјскдлтмпубгзљђжчшњцхфџѓќѕ"),
    of(Greek, &["GR", "CY"], &["30", "357"], "οασινρλτκηυςπεμγδθόάίέήύώωβφχζξψϊΐϋΰ"),
    of(Hebrew, &["IL"], &["972"], "יולהרמאבשנתדחקעסכצפגזטןםךףץ"),
    of(
        Arabic,
        &[
            "AE", "SA", "EG", "JO", "KW", "QA", "BH", "OM", "LB", "SY", "IQ", "YE", "MA", "TN", "DZ", "LY",
            "SD",
        ],
        &[
            "971", "966", "20", "962", "965", "974", "973", "968", "961", "963", "964", "967", "212", "216",
            "213", "218",
        ],
        "املايدنرحبسعفةهوقكصطشجخزضغثذظءأإآىئؤ",
    ),
    of(Arabic, &["IR", "PK", "AF"], &["98", "92", "93"], "اینرمدهوسبلعشحفتزقگکپخجژچصغظطضئءذثأآؤي"),
    of(Thai, &["TH"], &["66"], "านรมชวกสลดงยพทตบปคหจศฐณิีัุ์ูเ่้ไแใโธขภญฉฟอผฤซฎะึืำ็ฒฏถฮฬ"),
    of(EastAsian, &["CN", "SG", "MY"], &["86"], ZH),
    of(EastAsian, &["TW", "HK", "MO"], &["886", "852", "853"], TW),
    of(EastAsian, &["JP"], &["81"], JA),
    of(EastAsian, &["JP"], &["81"], "ﾝｶﾀｻｷﾏﾄｲﾐｼｱﾔｺﾅﾓｵﾘｽｳｸﾕﾖﾋﾊﾜﾗﾙﾂﾒﾁﾆﾉﾌﾎﾑﾛﾚﾃｿｾｹｴﾈﾇﾍﾞﾟｯｬｭｮ"),
    of(EastAsian, &["KR"], &["82"], KO),
    of(Latin, &["MT"], &["356"], "ħżġċàèòùì"),
];

const ZH: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤\
    伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂玉兰红梅建国华文志小大海春晓婷雪慧雨欣宇浩然子轩涵怡佳琪梦琳鹏飞波斌辉健俊峰亮东南北云天新永成龙凤珍淑颖莉燕玲萍莹丹倩洁蕾倪美凯琴一家安民姓名电话手机称呼先生女士";
const TW: &str = "陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江何羅高蕭潘簡朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁卓馬董溫藍石蔣田康鄒白歐\
    美淑雅玲芳惠怡君文志明大小家豪俊傑宏偉建國華玉珍秀英麗雪梅婷佳穎欣宜雯靜慧敏心如芬蓉琪萍子涵宇承恩柏翰冠廷品妤宗哲成信義德榮生金福春天民安仁和平永昌龍鳳姓名電話手機先生女士小姐";
const JA: &str = "田藤山佐木本村川中高子一郎太小林井上野原松伊鈴渡辺橋斎斉加吉池石森岡長谷近後遠青坂西福岩三浦内島宮清水竹金和今前大平久保東北南部工新杉菊千葉丸増土古市崎矢安河関柴酒桜横武荒菅花美恵裕由紀香愛奈菜優真健介翔拓也大輔達哲浩隆雄正夫光秀明宏和幸次弘之茂勇信義孝昭誠智博雅彦直樹翼陽結衣葵凛蓮悠斗颯さとうたなかやましすずきいむらおりこみゆあかねまいえくけつてにのはひふへほもよるれろわをんアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジズゼゾダデドバビブベボパピプペポャュョッー氏名姓電話番号様";
const KO: &str = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지나엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모\
    영수희민지현준서연은혜정미경숙자순옥철호진성훈상재동우석기용태승윤아하율린원빈규완찬혁환욱열범일봉남복길만덕근식종광병형창학춘말분례란향주선유예다솔슬별름보람겨운람국해라홍관무섭택균후웅심이름성전화번호휴대폰씨님";

impl Language {
    /// Returns the likelihood of each letter, as the logarithm of its share.
    pub(super) fn logarithms(&self) -> HashMap<char, f32> {
        let is_table = self.script == EastAsian;
        let mut letters: Vec<char> = Vec::new();
        for letter in self.letters.chars() {
            if !letters.contains(&letter) {
                letters.push(letter);
            }
        }
        let count = u16::try_from(letters.len()).map_or(1.0, f32::from);
        // Zipf's law. Han and Hangul names are distributed more evenly.
        let weight = |rank: u16| if is_table { 0.7 / count } else { 1.0 / (f32::from(rank) + 1.5) };
        let ranks = || (0_u16..).take(letters.len());
        let sum: f32 = if is_table { 1.0 } else { ranks().map(weight).sum() };
        letters.iter().copied().zip(ranks().map(|rank| (weight(rank) / sum).ln())).collect()
    }

    /// Returns the likelihood of a letter that the language does not have.
    pub(super) fn logarithm_of_foreign(&self, letter: char) -> f32 {
        let is_of_script = Script::of(letter) == Some(self.script);
        match self.script {
            EastAsian if is_of_script => match letter {
                // If a list fits both kana and Hangul, one of them is wrong.
                '\u{4e00}'..='\u{9fff}' if !self.is_hangul() => -9.8,
                '\u{ac00}'..='\u{d7a3}' if self.is_hangul() => -9.4,
                _ => -13.0,
            },
            Latin if is_of_script => -8.0,
            _ if is_of_script => -7.0,
            _ => -10.0,
        }
    }

    fn is_hangul(&self) -> bool {
        self.letters.starts_with('김')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_letters_sum_to_no_more_than_one() {
        for language in &ALL {
            let sum: f32 = language.logarithms().values().map(|logarithm| logarithm.exp()).sum();
            assert!((0.6..1.01).contains(&sum), "{:?}: {sum}", language.regions);
            let strangers = language.letters.chars().filter(|letter| {
                !matches!(letter, '\u{300}'..='\u{36f}') && Script::of(*letter) != Some(language.script)
            });
            assert_eq!(strangers.collect::<String>(), "", "{:?}", language.regions);
        }
    }
}
