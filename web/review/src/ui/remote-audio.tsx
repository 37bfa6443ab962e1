import { MediaKind, type Publication } from "@fmz/client";
import { useEffect, useRef } from "preact/hooks";
import { useRoom } from "../state/context";

/** Everything that the others let be heard. */
export function RemoteAudio() {
  const room = useRoom();
  const heard = room.publications.value.filter(
    ({ kind, participant }) => kind === MediaKind.AUDIO && participant !== room.self.value,
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
  const stream = useRoom().streams.value.get(publication.publication);
  useEffect(() => {
    if (element.current && stream) element.current.srcObject = stream;
  }, [stream]);
  return <audio ref={element} autoplay />;
}
