import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.zip.CRC32;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The toy topology on Kafka Streams, exactly once v2, in-memory stores with caching. Arguments: brokers, prefix, app, state directory. */
public final class Streams {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PADDING = "x".repeat(900);

  private static final class Stage implements Processor<byte[], byte[], byte[], byte[]> {
    private final boolean isFirst;
    private final String store;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<Bytes, byte[]> rows;

    Stage(boolean isFirst, String store) {
      this.isFirst = isFirst;
      this.store = store;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      this.rows = context.getStateStore(store);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      try {
        JsonNode event = JSON.readTree(record.value());
        Bytes key = Bytes.wrap(record.key());
        byte[] before = rows.get(key);
        JsonNode state = before == null ? null : JSON.readTree(before);
        CRC32 checksum = new CRC32();
        checksum.update(event.get("id").asText().getBytes(StandardCharsets.UTF_8));
        ObjectNode after = JSON.createObjectNode();
        after.put("n", (state == null ? 0 : state.get("n").asLong()) + 1);
        after.put("h", ((state == null ? 0 : state.get("h").asLong()) * 31 + checksum.getValue()) & 0xffffffffL);
        after.put("s", (state == null ? 0 : state.get("s").asLong()) + event.get("v").asLong());
        after.put("pad", PADDING);
        long n = event.get("n").asLong();
        if (isFirst) {
          for (int j = 0; j < n % 4; j++) {
            send(record, "u" + (n * 7 + j * 13) % 1500, event.get("id").asText() + "/" + j, n * 3 + j, after.get("n").asLong(), event);
          }
        } else if (n % 2 == 0) {
          send(record, "o" + n % 500, event.get("id").asText() + ">", n, after.get("h").asLong(), event);
        }
        if (n % (isFirst ? 97 : 101) == 0) {
          rows.delete(key);
        } else {
          rows.put(key, JSON.writeValueAsBytes(after));
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private void send(Record<byte[], byte[]> record, String key, String id, long n, long v, JsonNode event) throws IOException {
      ObjectNode out = JSON.createObjectNode();
      out.put("id", id);
      out.put("n", n);
      out.put("v", v);
      out.put("t", event.get("t").asDouble());
      context.forward(record.withKey(key.getBytes(StandardCharsets.UTF_8)).withValue(JSON.writeValueAsBytes(out)));
    }
  }

  public static void main(String[] arguments) throws InterruptedException {
    String prefix = arguments[1];
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2] + "-streams");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 100L << 20);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    Topology topology = new Topology();
    for (boolean isFirst : new boolean[] {true, false}) {
      String stage = isFirst ? "a" : "b";
      topology.addSource("source-" + stage, prefix + (isFirst ? "in" : "mid"));
      topology.addProcessor("stage-" + stage, () -> new Stage(isFirst, "rows-" + stage), "source-" + stage);
      topology.addStateStore(
          Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("rows-" + stage), Serdes.Bytes(), Serdes.ByteArray())
              .withCachingEnabled(),
          "stage-" + stage);
      topology.addSink("sink-" + stage, prefix + (isFirst ? "mid" : "out"), "stage-" + stage);
    }
    KafkaStreams streams = new KafkaStreams(topology, settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(5))));
    streams.start();
    Thread.sleep(Long.MAX_VALUE);
  }
}
