/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/maps.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/*
 * A line of /proc/PID/maps, whose path the process chose: what is accepted is a range, and its path lies in
 * the line.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str line = { (const char *)bytes, len };
	struct mapping m;

	if (!maps_parse(line, &m))
		return 0;
	if (m.end <= m.start ||
	    (m.path.len && (m.path.ptr < line.ptr || m.path.ptr + m.path.len != line.ptr + line.len)))
		abort();
	return 0;
}
