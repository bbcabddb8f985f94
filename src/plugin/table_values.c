/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "plugin/internal.h"

/* Attributes of the state as values of tables. */

static const struct {
	ss_plugin_state_type type;
	enum attribute_kind kind;
} types[] = {
	{ SS_PLUGIN_ST_INT8, ATTRIBUTE_I8 },	 { SS_PLUGIN_ST_INT16, ATTRIBUTE_I16 },	  { SS_PLUGIN_ST_INT32, ATTRIBUTE_I32 },
	{ SS_PLUGIN_ST_INT64, ATTRIBUTE_I64 },	 { SS_PLUGIN_ST_UINT8, ATTRIBUTE_U8 },	  { SS_PLUGIN_ST_UINT16, ATTRIBUTE_U16 },
	{ SS_PLUGIN_ST_UINT32, ATTRIBUTE_U32 },	 { SS_PLUGIN_ST_UINT64, ATTRIBUTE_U64 },  { SS_PLUGIN_ST_BOOL, ATTRIBUTE_BOOL },
	{ SS_PLUGIN_ST_STRING, ATTRIBUTE_TEXT }, { SS_PLUGIN_ST_TABLE, ATTRIBUTE_LIST }, { SS_PLUGIN_ST_UINT8, ATTRIBUTE_ENUM },
};

ss_plugin_state_type table_type_of(enum attribute_kind kind)
{
	size_t i;

	for (i = 0; types[i].kind != kind; i++)
		;
	return types[i].type;
}

int table_kind_of(ss_plugin_state_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return types[i].kind == ATTRIBUTE_LIST ? -EINVAL : (int)types[i].kind;
	return -EINVAL;
}

void table_take(struct table_handle *h, enum attribute_kind kind, const struct attribute_value *v, ss_plugin_state_data *ret_data)
{
	switch (table_type_of(kind)) {
	case SS_PLUGIN_ST_INT8:
		ret_data->s8 = (int8_t)v->i;
		break;
	case SS_PLUGIN_ST_INT16:
		ret_data->s16 = (int16_t)v->i;
		break;
	case SS_PLUGIN_ST_INT32:
		ret_data->s32 = (int32_t)v->i;
		break;
	case SS_PLUGIN_ST_UINT8:
		ret_data->u8 = (uint8_t)v->u;
		break;
	case SS_PLUGIN_ST_UINT16:
		ret_data->u16 = (uint16_t)v->u;
		break;
	case SS_PLUGIN_ST_UINT32:
		ret_data->u32 = (uint32_t)v->u;
		break;
	case SS_PLUGIN_ST_BOOL:
		ret_data->b = v->u != 0;
		break;
	case SS_PLUGIN_ST_STRING:
		ret_data->str = table_keep(h, v->text);
		break;
	default:
		ret_data->u64 = v->u;
		break;
	}
}

int table_give(enum attribute_kind kind, const ss_plugin_state_data *data, struct attribute_value *ret_value)
{
	*ret_value = (struct attribute_value){ .text = STR("") };
	switch (table_type_of(kind)) {
	case SS_PLUGIN_ST_INT8:
		ret_value->i = data->s8;
		return 0;
	case SS_PLUGIN_ST_INT16:
		ret_value->i = data->s16;
		return 0;
	case SS_PLUGIN_ST_INT32:
		ret_value->i = data->s32;
		return 0;
	case SS_PLUGIN_ST_UINT8:
		ret_value->u = data->u8;
		return 0;
	case SS_PLUGIN_ST_UINT16:
		ret_value->u = data->u16;
		return 0;
	case SS_PLUGIN_ST_UINT32:
		ret_value->u = data->u32;
		return 0;
	case SS_PLUGIN_ST_BOOL:
		ret_value->u = data->b != 0;
		return 0;
	case SS_PLUGIN_ST_INT64:
	case SS_PLUGIN_ST_UINT64:
		ret_value->u = data->u64;
		return 0;
	case SS_PLUGIN_ST_STRING:
		if (!data->str)
			return -EINVAL;
		ret_value->text = (struct str){ data->str, strnlen(data->str, PLUGIN_VALUE_BYTES) };
		return 0;
	default:
		return -EINVAL;
	}
}
