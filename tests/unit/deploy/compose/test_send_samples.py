"""The sample text as it is sent: every sentence, in order, each stream ended."""

from deploy.compose.send_samples import sentences
from deploy.samples import load_streams


def test_every_sentence_is_sent_in_order_and_the_last_one_ends_its_stream() -> None:
    streams = load_streams()
    sent = sentences(streams)
    assert len(sent) == sum(len(stream.sentences) for stream in streams)
    for stream in streams:
        of_stream = [raw for raw in sent if raw.stream_id == stream.stream_id]
        assert [raw.seq for raw in of_stream] == [sentence.seq for sentence in stream.sentences]
        assert [raw.end for raw in of_stream].count(True) == 1
        assert of_stream[-1].end
        assert {raw.lang for raw in of_stream} == {stream.lang}
