import type { Publication } from "@fmz/client";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { usePeople, useSources } from "../state/context";

/** The cameras, small and beside the picture. */
export function CameraTiles() {
  const tiles = useSources().tiles.value;
  if (tiles.length === 0) return null;
  return (
    <div class="tiles">
      {tiles.map((publication) => (
        <Tile key={publication.publication} publication={publication} />
      ))}
    </div>
  );
}

function Tile({ publication }: { readonly publication: Publication }) {
  const sources = useSources();
  const people = usePeople();
  const video = useRef<HTMLVideoElement>(null);
  const stream = sources.streamOf(publication);
  useEffect(() => {
    if (video.current && stream) video.current.srcObject = stream;
  }, [stream]);
  const name = people.nameOf(publication.participant) || t("panel.people.unnamed");
  return (
    <button
      type="button"
      class="tile"
      title={t("stage.tile.enlarge", { name })}
      aria-label={t("stage.tile.enlarge", { name })}
      onClick={() => {
        sources.enlarged.value = publication.publication;
      }}
    >
      <video ref={video} muted autoplay playsInline aria-label={t("stage.tile", { name })} />
      <span class="tile-name">{name}</span>
    </button>
  );
}
