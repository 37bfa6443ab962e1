import { useSignal } from "@preact/signals";
import { Check, UserPlus } from "lucide-preact";
import { t } from "../i18n";
import { useApi, useLink, useNotices, usePeople } from "../state/context";
import { invite, type Invited } from "../state/invite";

/** Time that the button says that it copied, ms. */
const COPIED_MS = 2500;

type Copy = { readonly kind: "ready" } | Exclude<Invited, { readonly kind: "refused" }>;

/** Copies a link for someone else. */
export function InviteButton({ wide = false }: { readonly wide?: boolean }) {
  const api = useApi();
  const link = useLink();
  const notices = useNotices();
  const people = usePeople();
  const copy = useSignal<Copy>({ kind: "ready" });
  const onClick = async (): Promise<void> => {
    notices.dismiss("invite");
    const invited = await invite({
      api,
      rights: people.rights.peek(),
      room: link.room,
      page: location,
      // Pages that are not secure have no clipboard, and this rejects.
      copy: async (text) => navigator.clipboard.writeText(text),
    });
    switch (invited.kind) {
      case "copied":
        copy.value = { kind: "copied" };
        setTimeout(() => {
          copy.value = { kind: "ready" };
        }, COPIED_MS);
        break;
      case "shown":
        copy.value = invited;
        break;
      case "refused":
        notices.show("invite", "invite.refused", invited.reason);
        break;
    }
  };
  if (copy.value.kind === "shown") return <LinkField link={copy.value.link} />;
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
