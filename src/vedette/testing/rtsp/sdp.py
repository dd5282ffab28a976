"""Session descriptions (RFC 8866) of what a camera sends."""

import base64

from vedette.testing.rtsp.media import VIDEO_CLOCK_HZ, Media

_AAC = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"


def describe(media: Media, *, sprop: bool = True) -> str:
    """The description of a file's tracks: `track1` is video, `track2` sound.

    Args:
        media: the file.
        sprop: whether the video's parameter sets stand in it.
    """
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*"]
    lines += ["m=video 0 RTP/AVP 96", *_video(media, sprop), f"a=framerate:{media.fps:g}", "a=control:track1"]
    if media.audio_config:
        lines += ["m=audio 0 RTP/AVP 97", *_audio(media), "a=control:track2"]
    return "".join(f"{line}\r\n" for line in lines)


def _video(media: Media, sprop: bool) -> list[str]:
    sets = [base64.b64encode(nal).decode() for nal in media.parameter_sets]
    if media.codec == "h264":
        profile = next((nal[1:4].hex() for nal in media.parameter_sets if nal[0] & 31 == 7), "42e01e")
        known = f";sprop-parameter-sets={','.join(sets)}" if sprop else ""
        return [
            f"a=rtpmap:96 H264/{VIDEO_CLOCK_HZ}",
            f"a=fmtp:96 packetization-mode=1;profile-level-id={profile}{known}",
        ]
    names = zip(("sprop-vps", "sprop-sps", "sprop-pps"), sets, strict=False)
    known = ";".join(f"{name}={value}" for name, value in names)
    return [f"a=rtpmap:96 H265/{VIDEO_CLOCK_HZ}", *([f"a=fmtp:96 {known}"] if sprop else [])]


def _audio(media: Media) -> list[str]:
    return [
        f"a=rtpmap:97 mpeg4-generic/{media.audio_rate}/{media.audio_channels}",
        f"a=fmtp:97 {_AAC};config={media.audio_config.hex()}",
    ]
