/* SPDX-License-Identifier: Apache-2.0 */
#include "event/ext.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

#define EXT_VERSION 1
static const struct str ext_name = { "monitor", 7 };

/* parameters of ASYNCEVENT_E */
enum { ASYNC_PLUGIN, ASYNC_NAME, ASYNC_DATA };

/* Numbers are part of the format: never reuse one. */
enum ext_tag {
	EXT_REAL_PATH = 1,
	EXT_ARGS = 2,
	EXT_IP = 3, /* u64 */
	EXT_STALL_NS = 4, /* u64 */
	EXT_RACED = 5, /* u8 */
	EXT_VERDICT = 6, /* u8 */
	EXT_LATE = 7, /* u8 */
	EXT_REGION = 8, /* u8 */
	EXT_STACK = 9,
	EXT_CREDS = 10, /* u32 uid, gid; u64 inheritable, permitted, effective capabilities */
};

bool ext_is(const struct event *ev)
{
	return ev->type == EV_ASYNCEVENT_E && str_eq(event_param_text(ev, ASYNC_NAME), ext_name);
}

static void decode_creds(struct reader r, struct event_creds *creds)
{
	creds->uid = reader_u32(&r);
	creds->gid = reader_u32(&r);
	creds->cap_inheritable = reader_u64(&r);
	creds->cap_permitted = reader_u64(&r);
	creds->cap_effective = reader_u64(&r);
	creds->known = !r.failed;
}

static void decode_record(struct event_ext *ext, uint8_t tag, struct str value)
{
	struct reader r = reader_of(value.ptr, value.len);
	uint8_t byte;

	switch (tag) {
	case EXT_REAL_PATH:
		ext->real_path = value;
		break;
	case EXT_ARGS:
		ext->args = value;
		break;
	case EXT_IP:
		ext->ip = reader_u64(&r);
		break;
	case EXT_STALL_NS:
		ext->stall_ns = reader_u64(&r);
		break;
	case EXT_RACED:
		/* a degree of doubt that we do not know is at least a doubt */
		byte = reader_u8(&r);
		ext->raced = byte > RACED_YES ? RACED_POSSIBLE : (enum raced)byte;
		break;
	case EXT_VERDICT:
		ext->verdict = reader_u8(&r);
		break;
	case EXT_LATE:
		ext->late = reader_u8(&r) != 0;
		break;
	case EXT_REGION:
		byte = reader_u8(&r);
		ext->region = byte < REGION_COUNT ? (enum region)byte : REGION_UNKNOWN;
		break;
	case EXT_STACK:
		ext->stack = value;
		break;
	case EXT_CREDS:
		decode_creds(r, &ext->creds);
		break;
	default:
		break;
	}
}

int ext_decode(const struct event *ev, struct event_ext *ret_ext, struct error *err)
{
	struct str data = event_param(ev, ASYNC_DATA);
	struct reader r = reader_of(data.ptr, data.len);
	struct event_ext ext = { .real_path = STR(""), .args = STR(""), .stack = STR("") };
	uint8_t version = reader_u8(&r);

	if (r.failed)
		return error_set(err, -EBADMSG, "extension record is empty");
	if (version != EXT_VERSION)
		return error_set(err, -ENOTSUP, "extension record has version %u, only %d is known", version,
				 EXT_VERSION);
	while (r.len) {
		uint8_t tag = reader_u8(&r);
		uint32_t len = reader_u32(&r);
		struct str value = reader_str(&r, len);

		if (r.failed)
			return error_set(err, -EBADMSG, "extension record is cut after %zu of %zu bytes",
					 data.len - r.len, data.len);
		decode_record(&ext, tag, value);
	}
	*ret_ext = ext;
	return 0;
}

/* Where opens have their path; the first parameter is the descriptor. */
static int path_param(uint16_t type)
{
	switch (type) {
	case EV_SYSCALL_OPEN_X:
	case EV_SYSCALL_CREAT_X:
		return 1;
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return 2;
	default:
		return -1;
	}
}

bool ext_implied(const struct event *ev, struct event_ext *ret_ext)
{
	int at = path_param(ev->type);
	struct str path;

	if (at < 0 || (uint32_t)at >= ev->nparams || event_param_int(ev, 0) < 0)
		return false;
	path = event_param_text(ev, (unsigned int)at);
	if (!path.len || path.ptr[0] != '/')
		return false;
	*ret_ext = (struct event_ext){ .real_path = path, .args = { "", 0 }, .stack = { "", 0 } };
	return true;
}

static void put_record(struct strbuf *b, uint8_t tag, const void *value, size_t len)
{
	uint32_t n = (uint32_t)len;

	strbuf_add(b, &tag, sizeof(tag));
	strbuf_add(b, &n, sizeof(n));
	strbuf_add(b, value, len);
}

static void put_creds(struct strbuf *b, const struct event_creds *creds)
{
	uint32_t ids[] = { creds->uid, creds->gid };
	uint64_t caps[] = { creds->cap_inheritable, creds->cap_permitted, creds->cap_effective };
	char value[sizeof(ids) + sizeof(caps)];

	if (!creds->known)
		return;
	memcpy(value, ids, sizeof(ids));
	memcpy(value + sizeof(ids), caps, sizeof(caps));
	put_record(b, EXT_CREDS, value, sizeof(value));
}

int ext_encode(const struct event_ext *ext, uint64_t ts, int64_t tid, struct event_builder *b, struct event *ret_event,
	       struct error *err)
{
	auto_strbuf struct strbuf data = { 0 };
	uint8_t version = EXT_VERSION, raced = (uint8_t)ext->raced, late = ext->late;
	uint8_t region = (uint8_t)ext->region;
	size_t text = ext->real_path.len + ext->args.len + ext->stack.len;

	if (text > EVENT_MAX_BYTES / 2)
		return error_set(err, -EMSGSIZE, "extension record has %zu bytes of text, at most %d are allowed",
				 text, EVENT_MAX_BYTES / 2);
	strbuf_add(&data, &version, sizeof(version));
	if (ext->real_path.len)
		put_record(&data, EXT_REAL_PATH, ext->real_path.ptr, ext->real_path.len);
	if (ext->args.len)
		put_record(&data, EXT_ARGS, ext->args.ptr, ext->args.len);
	if (ext->ip)
		put_record(&data, EXT_IP, &ext->ip, sizeof(ext->ip));
	if (ext->stall_ns)
		put_record(&data, EXT_STALL_NS, &ext->stall_ns, sizeof(ext->stall_ns));
	if (raced)
		put_record(&data, EXT_RACED, &raced, sizeof(raced));
	if (ext->verdict)
		put_record(&data, EXT_VERDICT, &ext->verdict, sizeof(ext->verdict));
	if (late)
		put_record(&data, EXT_LATE, &late, sizeof(late));
	if (region)
		put_record(&data, EXT_REGION, &region, sizeof(region));
	if (ext->stack.len)
		put_record(&data, EXT_STACK, ext->stack.ptr, ext->stack.len);
	put_creds(&data, &ext->creds);
	if (data.failed)
		return error_set(err, -ENOMEM, "out of memory");

	event_begin(b, EV_ASYNCEVENT_E, ts, tid);
	event_put_int(b, 0);
	event_put_text(b, ext_name);
	event_put_bytes(b, strbuf_str(&data));
	return event_end(b, ret_event, err);
}
