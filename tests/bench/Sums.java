// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** Sums FOLDER: reads each file below it in parallel and sums the bytes up. */
class Sums {
	static long sum(Path path) {
		long sum = 0;

		try {
			for (byte b : Files.readAllBytes(path))
				sum = sum * 31 + (b & 0xff);
		} catch (IOException e) {
			return 0;
		}
		return sum;
	}

	public static void main(String[] args) throws IOException {
		AtomicLong total = new AtomicLong();

		try (var paths = Files.walk(Path.of(args[0]))) {
			paths.filter(Files::isRegularFile).parallel().forEach(path -> total.addAndGet(sum(path)));
		}
		System.out.println(Long.toUnsignedString(total.get()));
	}
}
