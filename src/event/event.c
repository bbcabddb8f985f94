/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "event/event_wire.h"
#include "event/flags.h"

/* ---- the tables ---- */

enum flags_id {
#define FLAG_SET(id) FLAGS_ID_##id,
#define FLAG(name, value)
#define FLAG_SET_END
#include "event/flags.def"
#undef FLAG_SET
#undef FLAG
#undef FLAG_SET_END
};

#define P(name, type, format, set, dirfd)                                                                             \
	{ name, PT_##type, PF_##format, FLAGS_ID_##set == FLAGS_ID_none ? NULL : &flags_##set, dirfd },
#define EVENT(number, id, name, category, flags, writes, derivable, ...)                                              \
	static const struct param_info params_##id[] = { __VA_ARGS__ { NULL, PT_NONE, PF_NA, NULL, -1 } };
#include "event/events.def"
#undef EVENT
#undef P

#define P(...)
#define EVENT(number, id, name, category, flags, writes, derivable, ...)                                              \
	[number] = { name,   category,  flags,                                                                        \
		     writes, derivable, sizeof(params_##id) / sizeof(params_##id[0]) - 1,                             \
		     params_##id },
const struct event_info event_table[EV_COUNT] = {
#include "event/events.def"
};
#undef EVENT
#undef P

#define EVENT(number, id, name, category, flags, writes, derivable, ...)                                              \
	_Static_assert(sizeof(params_##id) / sizeof(params_##id[0]) - 1 <= EVENT_MAX_PARAMS, "too many parameters");
#define P(...)
#include "event/events.def"
#undef EVENT
#undef P

int event_param_index(uint16_t type, struct str name)
{
	const struct event_info *info = event_info(type);

	for (uint32_t i = 0; info && i < info->nparams; i++) {
		const char *known = info->params[i].name;

		if (name.len && known[0] == name.ptr[0] && str_eq(str_of(known), name))
			return (int)i;
	}
	return -1;
}

/* ---- parameters ---- */

/* Size of the integer types, negative when signed; 0 for the others. */
static const int8_t integer_size[PT_COUNT] = {
	[PT_INT8] = -1,	       [PT_INT16] = -2,	      [PT_INT32] = -4,	   [PT_INT64] = -8,    [PT_UINT8] = 1,
	[PT_UINT16] = 2,       [PT_UINT32] = 4,	      [PT_UINT64] = 8,	   [PT_ERRNO] = -8,    [PT_FD] = -8,
	[PT_PID] = -8,	       [PT_SYSCALLID] = 2,    [PT_SIGTYPE] = 1,	   [PT_RELTIME] = 8,   [PT_ABSTIME] = 8,
	[PT_PORT] = 2,	       [PT_L4PROTO] = 1,      [PT_SOCKFAMILY] = 1, [PT_BOOL] = 4,      [PT_IPV4ADDR] = 4,
	[PT_FLAGS8] = 1,       [PT_FLAGS16] = 2,      [PT_FLAGS32] = 4,	   [PT_UID] = 4,       [PT_GID] = 4,
	[PT_SIGSET] = 4,       [PT_MODE] = 4,	      [PT_ENUMFLAGS8] = 1, [PT_ENUMFLAGS16] = 2, [PT_ENUMFLAGS32] = 4,
	[PT_FD32] = -4,	       [PT_PID32] = -4,
};

const char *param_type_name(enum param_type type)
{
	static const char *const names[PT_COUNT] = {
		[PT_NONE] = "NONE", [PT_INT8] = "INT8", [PT_INT16] = "INT16", [PT_INT32] = "INT32",
		[PT_INT64] = "INT64", [PT_UINT8] = "UINT8", [PT_UINT16] = "UINT16", [PT_UINT32] = "UINT32",
		[PT_UINT64] = "UINT64", [PT_CHARBUF] = "CHARBUF", [PT_BYTEBUF] = "BYTEBUF", [PT_ERRNO] = "ERRNO",
		[PT_SOCKADDR] = "SOCKADDR", [PT_SOCKTUPLE] = "SOCKTUPLE", [PT_FD] = "FD", [PT_PID] = "PID",
		[PT_FDLIST] = "FDLIST", [PT_FSPATH] = "FSPATH", [PT_SYSCALLID] = "SYSCALLID",
		[PT_SIGTYPE] = "SIGTYPE", [PT_RELTIME] = "RELTIME", [PT_ABSTIME] = "ABSTIME", [PT_PORT] = "PORT",
		[PT_L4PROTO] = "L4PROTO", [PT_SOCKFAMILY] = "SOCKFAMILY", [PT_BOOL] = "BOOL",
		[PT_IPV4ADDR] = "IPV4ADDR", [PT_DYN] = "DYNAMIC", [PT_FLAGS8] = "FLAGS8", [PT_FLAGS16] = "FLAGS16",
		[PT_FLAGS32] = "FLAGS32", [PT_UID] = "UID", [PT_GID] = "GID", [PT_DOUBLE] = "DOUBLE",
		[PT_SIGSET] = "SIGSET", [PT_CHARBUFARRAY] = "CHARBUFARRAY",
		[PT_CHARBUF_PAIR_ARRAY] = "CHARBUF_PAIR_ARRAY", [PT_IPV4NET] = "IPV4NET", [PT_IPV6ADDR] = "IPV6ADDR",
		[PT_IPV6NET] = "IPV6NET", [PT_IPADDR] = "IPADDR", [PT_IPNET] = "IPNET", [PT_MODE] = "MODE",
		[PT_FSRELPATH] = "FSRELPATH", [PT_ENUMFLAGS8] = "ENUMFLAGS8", [PT_ENUMFLAGS16] = "ENUMFLAGS16",
		[PT_ENUMFLAGS32] = "ENUMFLAGS32", [PT_FD32] = "FD32", [PT_PID32] = "PID32",
	};

	return (unsigned int)type < PT_COUNT ? names[type] : "<NA>";
}

int param_type_integer_size(enum param_type type)
{
	return (unsigned int)type < PT_COUNT ? integer_size[type] : 0;
}

int64_t event_param_int(const struct event *ev, unsigned int i)
{
	struct str v = event_param(ev, i);
	int size = i < ev->info->nparams ? integer_size[ev->info->params[i].type] : 0;

	/* most are results and descriptors */
	if (v.len == 8)
		return size == -8 || size == 8 ? (int64_t)bytes_u64(v.ptr) : 0;
	if (v.len != (size_t)(size < 0 ? -size : size))
		return 0;
	switch (size) {
	case -4:
		return (int32_t)bytes_u32(v.ptr);
	case 4:
		return bytes_u32(v.ptr);
	case -2:
		return (int16_t)bytes_u16(v.ptr);
	case 2:
		return bytes_u16(v.ptr);
	case -1:
		return (int8_t)bytes_u8(v.ptr);
	case 1:
		return bytes_u8(v.ptr);
	default:
		return 0;
	}
}

uint64_t event_param_uint(const struct event *ev, unsigned int i)
{
	return (uint64_t)event_param_int(ev, i);
}

/* ---- parameters whose first byte chooses the type ---- */

struct variant {
	const struct flag_set *set;
	uint8_t index;
	struct param_info info;
};

static const struct variant variants[] = {
#define VARIANT(set, index, type, format)                                                                             \
	{ &flags_##set##_dynamic_param, index, { "", PT_##type, PF_##format, NULL, -1 } },
#include "event/variants.def"
#undef VARIANT
};

const struct param_info *event_param_variant(const struct event *ev, unsigned int i, struct str *ret_value)
{
	struct str v = event_param(ev, i);

	if (i >= ev->info->nparams || ev->info->params[i].type != PT_DYN || !v.len)
		return NULL;
	for (size_t n = 0; n < ARRAY_SIZE(variants); n++) {
		if (variants[n].set == ev->info->params[i].flags && variants[n].index == (uint8_t)v.ptr[0]) {
			*ret_value = (struct str){ v.ptr + 1, v.len - 1 };
			return &variants[n].info;
		}
	}
	return NULL;
}

/* ---- reading ---- */

/* Cold: finds out which check failed and says so. */
static int bad_event(const uint8_t *bytes, size_t len, struct error *err)
{
	uint16_t type = bytes_u16(bytes + EVENT_HEADER_TYPE);
	uint32_t nparams = bytes_u32(bytes + EVENT_HEADER_NPARAMS);
	const struct event_info *info = event_info(type);
	bool large;

	if (bytes_u32(bytes + EVENT_HEADER_LEN) != len)
		return error_set(err, -EBADMSG, "event length is %u, but %zu bytes are here",
				 bytes_u32(bytes + EVENT_HEADER_LEN), len);
	if (!info)
		return error_set(err, -ENOTSUP, "event type %u is not known (0 to %u are)", type, EV_COUNT - 1);
	large = info->flags & EF_LARGE_PAYLOAD;
	if (len > (large ? (size_t)EVENT_MAX_BYTES : (size_t)EVENT_SMALL_BYTES))
		return error_set(err, -EBADMSG, "event %s has %zu bytes, at most %u are allowed", info->name, len,
				 large ? EVENT_MAX_BYTES : EVENT_SMALL_BYTES);
	if (nparams > info->nparams)
		return error_set(err, -EBADMSG, "event %s (type %u) has %u parameters, at most %u are known",
				 info->name, type, nparams, info->nparams);
	return error_set(err, -EBADMSG, "event %s (type %u): parameter lengths do not sum up to the event's %zu bytes",
			 info->name, type, len);
}

int event_read(struct event *ret_event, const void *bytes, size_t len, struct error *err)
{
	const uint8_t *at = bytes;
	const struct event_info *info;
	uint32_t nparams, offset = 0, width;
	uint64_t sum;

	if (len < EVENT_HEADER_BYTES)
		return error_set(err, -EBADMSG, "event has %zu bytes, its header alone has %d", len,
				 EVENT_HEADER_BYTES);
	info = event_info(bytes_u16(at + EVENT_HEADER_TYPE));
	nparams = bytes_u32(at + EVENT_HEADER_NPARAMS);
	if (!info || bytes_u32(at + EVENT_HEADER_LEN) != len || nparams > info->nparams)
		return bad_event(at, len, err);

	ret_event->ts = bytes_u64(at + EVENT_HEADER_TS);
	ret_event->tid = (int64_t)bytes_u64(at + EVENT_HEADER_TID);
	ret_event->type = bytes_u16(at + EVENT_HEADER_TYPE);
	ret_event->nparams = nparams;
	ret_event->info = info;
	ret_event->bytes = at;
	ret_event->len = (uint32_t)len;
	at += EVENT_HEADER_BYTES;
	len -= EVENT_HEADER_BYTES;

	width = info->flags & EF_LARGE_PAYLOAD ? 4 : 2;
	if (len > (width == 4 ? (size_t)EVENT_MAX_BYTES : (size_t)EVENT_SMALL_BYTES) - EVENT_HEADER_BYTES ||
	    len < (size_t)nparams * width)
		return bad_event(ret_event->bytes, ret_event->len, err);
	len -= (size_t)nparams * width;
	ret_event->values = at + (size_t)nparams * width;
	ret_event->offset[0] = 0;
	if (width == 2) { /* 40 lengths of 16 bits cannot overflow */
		for (uint32_t i = 0; i < nparams; i++) {
			offset += bytes_u16(at + 2 * i);
			ret_event->offset[i + 1] = offset;
		}
		sum = offset;
	} else {
		sum = 0;
		for (uint32_t i = 0; i < nparams; i++) {
			sum += bytes_u32(at + 4 * i);
			ret_event->offset[i + 1] = (uint32_t)sum;
		}
	}
	if (sum != len)
		return bad_event(ret_event->bytes, ret_event->len, err);

	event_clear_marks(ret_event);
	return 0;
}

void event_make_provisional(struct event *ev, const struct event_builder *b)
{
	ev->provisional = true;
	ev->unknown_params = b->unknown_params;
	ev->unknown_facts = ev->info->writes & ~ev->info->derivable;
}

/* ---- copying ---- */

static struct str copy_text(uint8_t **at, struct str s)
{
	struct str copy = { (const char *)*at, s.len };

	if (s.len)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return copy;
}

struct event *event_copy(const struct event *ev)
{
	size_t ext_len =
		ev->ext ? sizeof(*ev->ext) + ev->ext->real_path.len + ev->ext->args.len + ev->ext->stack.len : 0;
	struct event *copy = malloc(sizeof(*copy) + ext_len + ev->len);
	struct event_ext *ext;
	uint8_t *at;

	if (!copy)
		return NULL;
	*copy = *ev;
	at = (uint8_t *)(copy + 1);
	if (ev->ext) { /* first, where it is aligned */
		ext = (struct event_ext *)at;
		at += sizeof(*ext);
		*ext = *ev->ext;
		ext->real_path = copy_text(&at, ev->ext->real_path);
		ext->args = copy_text(&at, ev->ext->args);
		ext->stack = copy_text(&at, ev->ext->stack);
		copy->ext = ext;
	}
	memcpy(at, ev->bytes, ev->len);
	copy->bytes = at;
	copy->values = at + (ev->values - ev->bytes);
	return copy;
}

void event_set_time(struct event *copy, uint64_t ts)
{
	uint8_t *bytes = (uint8_t *)copy + (copy->bytes - (const uint8_t *)copy); /* they lie in its block */

	copy->ts = ts;
	memcpy(bytes + EVENT_HEADER_TS, &ts, sizeof(ts));
}
