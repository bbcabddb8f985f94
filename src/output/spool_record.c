/* SPDX-License-Identifier: Apache-2.0 */
#include "output/spool_record.h"

#include <zlib.h>

#include "base/bytes.h"
#include "base/limits.h"

#define MAGIC 0x31a5534du /* "MS", a byte that is in no text, "1" */

static uint32_t checksum(uint32_t kind, struct str body)
{
	const uint32_t head[2] = { kind, (uint32_t)body.len };
	uLong sum = crc32(0, (const Bytef *)head, sizeof(head));

	return (uint32_t)crc32_z(sum, (const Bytef *)body.ptr, body.len);
}

void spool_record_add(struct strbuf *out, uint32_t kind, struct str body)
{
	const uint32_t head[4] = { MAGIC, kind, (uint32_t)body.len, checksum(kind, body) };

	_Static_assert(sizeof(head) == SPOOL_HEAD_BYTES, "the head of a record");
	strbuf_add(out, head, sizeof(head));
	strbuf_addstr(out, body);
}

enum verdict { GOOD, NO_HEAD, BAD_BODY };

static enum verdict read_record(struct str bytes, struct spool_record *ret_record, size_t *ret_len)
{
	struct reader r = reader_of(bytes.ptr, bytes.len);
	uint32_t magic = reader_u32(&r), kind = reader_u32(&r), len = reader_u32(&r), sum = reader_u32(&r);
	struct str body = reader_str(&r, len);

	if (r.failed || magic != MAGIC || len > SPOOL_RECORD_BYTES)
		return NO_HEAD;
	if (checksum(kind, body) != sum)
		return BAD_BODY;
	*ret_record = (struct spool_record){ kind, body };
	*ret_len = bytes.len - r.len;
	return GOOD;
}

int spool_record_next(struct str bytes, size_t *at, struct spool_record *ret_record, uint64_t *skipped)
{
	const uint32_t magic = MAGIC;
	size_t begin = *at < bytes.len ? *at : bytes.len, here = begin, len;
	unsigned int bad = 0;

	while (here < bytes.len && bad < SPOOL_BAD_BODIES) {
		const char *next;
		enum verdict verdict =
			read_record((struct str){ bytes.ptr + here, bytes.len - here }, ret_record, &len);

		if (verdict == GOOD) {
			*skipped += here - begin;
			*at = here + len;
			return 1;
		}
		bad += verdict == BAD_BODY;
		next = memmem(bytes.ptr + here + 1, bytes.len - here - 1, &magic, sizeof(magic));
		here = next ? (size_t)(next - bytes.ptr) : bytes.len;
	}
	*skipped += bytes.len - begin;
	*at = bytes.len;
	return 0;
}
