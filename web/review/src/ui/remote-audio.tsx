import { MediaKind, type Publication } from "@fmz/client";
import { useEffect, useRef } from "preact/hooks";
import { usePeople, useSources } from "../state/context";

/** Plays the sound that the others publish. */
export function RemoteAudio() {
  const sources = useSources();
  const people = usePeople();
  const heard = sources.publications.value.filter(
    ({ kind, participant }) => kind === MediaKind.AUDIO && participant !== people.self.value,
  );
  return (
    <>
      {heard.map((publication) => (
        <Sound key={publication.publication} publication={publication} />
      ))}
    </>
  );
}

function Sound({ publication }: { readonly publication: Publication }) {
  const element = useRef<HTMLAudioElement>(null);
  const stream = useSources().streams.value.get(publication.publication);
  useEffect(() => {
    if (element.current && stream) element.current.srcObject = stream;
  }, [stream]);
  return <audio ref={element} autoplay />;
}
