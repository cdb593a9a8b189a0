import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Sums of local days from cumulative registers, as one would write it in Kafka Streams: what a register rose since
 * the metering point's previous reading counts to the local day of that reading.
 *
 * <p>Arguments: bootstrap servers, topic, application id, folder for state, time zone.
 */
public final class DaySums implements Processor<byte[], byte[], Void, Void> {
    private static final String REGISTERS = "registers";
    private static final String DAY_SUMS = "day-sums";

    private final ZoneId zone;
    private final BufferAllocator memory = new RootAllocator();
    private KeyValueStore<String, byte[]> registers;
    private KeyValueStore<String, Long> daySums;

    private DaySums(ZoneId zone) {
        this.zone = zone;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        registers = context.getStateStore(REGISTERS);
        daySums = context.getStateStore(DAY_SUMS);
    }

    @Override
    public void process(Record<byte[], byte[]> message) {
        try (var reader = new ArrowStreamReader(new ByteArrayInputStream(message.value()), memory)) {
            while (reader.loadNextBatch()) {
                add(reader.getVectorSchemaRoot());
            }
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }

    private void add(VectorSchemaRoot readings) {
        var points = (VarCharVector) readings.getVector("metering_point");
        var times = (TimeStampMicroTZVector) readings.getVector("read_at");
        var energies = (BigIntVector) readings.getVector("energy_wh");
        for (int row = 0; row < readings.getRowCount(); row++) {
            var point = points.getObject(row).toString();
            var readAtSeconds = times.get(row) / 1_000_000;
            var energyWh = energies.get(row);
            var previous = registers.get(point);
            if (previous != null) {
                var before = ByteBuffer.wrap(previous);
                var day = Instant.ofEpochSecond(before.getLong()).atZone(zone).toLocalDate().toEpochDay();
                var key = point + ":" + day;
                var sum = daySums.get(key);
                daySums.put(key, (sum == null ? 0L : sum) + energyWh - before.getLong());
            }
            registers.put(point, ByteBuffer.allocate(16).putLong(readAtSeconds).putLong(energyWh).array());
        }
    }

    @Override
    public void close() {
        memory.close();
    }

    public static void main(String[] arguments) throws InterruptedException {
        var zone = ZoneId.of(arguments[4]);
        var topology = new Topology();
        topology.addSource("readings", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), arguments[1]);
        topology.addProcessor("sums", () -> new DaySums(zone), "readings");
        topology.addStateStore(
            Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(REGISTERS), Serdes.String(), Serdes.ByteArray()).withCachingEnabled(),
            "sums");
        topology.addStateStore(
            Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(DAY_SUMS), Serdes.String(), Serdes.Long()).withCachingEnabled(),
            "sums");

        var settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");

        var streams = new KafkaStreams(topology, settings);
        var ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            ended.countDown();
        }));
        streams.start();
        ended.await();
    }
}
