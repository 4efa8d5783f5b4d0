/** One spelling for what looks the same, as src/glassformer/text/normalise.py has it: characters that nobody sees change nothing. */

/** Every kind of blank, which becomes U+0020. */
const BLANKS = /[\t\n\v\f\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g;

/** Control and format characters that have no shape, fillers and variation selectors; and joiners that join nothing: they
 * decide how letters of Arabic to Burmese, Khmer, Mongolian and Indic scripts are written, elsewhere nothing. */
const MARKS = new RegExp(
  "(?![\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}\\u200c\\u200d])[\\p{Cc}\\p{Cf}]" +
    "|[\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u3164\\ufe00-\\ufe0f\\uffa0\\u{e0100}-\\u{e01ef}]" +
    "|(?<![\\u0600-\\u109f\\u1780-\\u18af\\ua840-\\uabff])[\\u200c\\u200d]",
  "gu",
);

/** `text` in NFC, with U+0020 for every blank, without invisible characters, and U+FFFD for each lone surrogate. */
export function normalised(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(BLANKS, " ")
    .replace(MARKS, "")
    .normalize("NFC");
}
