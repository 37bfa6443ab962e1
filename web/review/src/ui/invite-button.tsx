import { useSignal } from "@preact/signals";
import { Check, UserPlus } from "lucide-preact";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import { invitation } from "../state/invite";

/** Time that the button says that it copied, ms. */
const COPIED_MS = 2500;

type Copy = { readonly kind: "ready" } | { readonly kind: "copied" } | { readonly kind: "failed"; readonly link: string };

/** Copies a link for someone else. */
export function InviteButton({ wide = false }: { readonly wide?: boolean }) {
  const room = useRoom();
  const copy = useSignal<Copy>({ kind: "ready" });
  const onClick = async (): Promise<void> => {
    const link = await invitation(room);
    try {
      await navigator.clipboard.writeText(link);
      copy.value = { kind: "copied" };
      setTimeout(() => {
        copy.value = { kind: "ready" };
      }, COPIED_MS);
    } catch {
      // Pages that are not secure have no clipboard.
      copy.value = { kind: "failed", link };
    }
  };
  if (copy.value.kind === "failed") return <LinkField link={copy.value.link} />;
  const copied = copy.value.kind === "copied";
  const Icon = copied ? Check : UserPlus;
  return (
    <button type="button" class={wide ? "primary" : "invite"} title={t("top.invite.label")} onClick={() => void onClick()}>
      <Icon size={18} strokeWidth={1.5} aria-hidden="true" />
      <span aria-live="polite">{t(copied ? "top.invite.copied" : "top.invite")}</span>
    </button>
  );
}

function LinkField({ link }: { readonly link: string }) {
  return (
    <input
      class="link-field"
      readOnly
      value={link}
      aria-label={t("top.invite.failed")}
      title={t("top.invite.failed")}
      onFocus={(event) => {
        event.currentTarget.select();
      }}
    />
  );
}
