/** A piece of a word as it is read; a blank that is a piece of its own says that it is one. */
import { BLANK, shown } from "../../numbers/attention";
import { usePage } from "../../state/page";

export function Piece({ token }: { token: string }) {
  const { t } = usePage();
  const text = shown(token);
  return <bdi title={text.includes(BLANK) ? t("blank") : undefined}>{text}</bdi>;
}

/** The same in words, for who has no mouse: only where one of the pieces has a blank in it. */
export function BlankNote({ tokens }: { tokens: string[] }) {
  const { t } = usePage();
  return tokens.some((token) => shown(token).includes(BLANK)) ? <p class="note">{t("blank")}</p> : null;
}
