//! What a picture is: codecs, sequence rewriting, frame rate, timecode and frame identity.
