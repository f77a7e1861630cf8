-- Forward authentication: `http-request lua.verify URL` asks URL about a request. After a 200 the
-- request goes on with the fields that say who the user is; any other answer goes to the client.

local IDENTITY = { "x-auth-user", "x-auth-session", "x-auth-scopes", "x-auth-realm", "x-auth-actor" }
-- They are about the connection or the body, or say what this script says.
local NOT_COPIED = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["keep-alive"] = true,
    ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
    ["x-forwarded-method"] = true, ["x-forwarded-uri"] = true,
    ["x-original-method"] = true, ["x-original-uri"] = true,
}

-- HAProxy counts the values of a field from 0.
local function values_of(field)
    local values, at = {}, 0
    while field[at] do
        values[#values + 1] = field[at]
        at = at + 1
    end
    return values
end

local function refuse(txn, status, headers, body)
    local reply = txn:reply({ status = status, body = body })
    for name, field in pairs(headers) do
        if not NOT_COPIED[name] then
            for _, value in ipairs(values_of(field)) do reply:add_header(name, value) end
        end
    end
    txn:done(reply)
end

core.register_action("verify", { "http-req" }, function(txn, url)
    local headers = {}
    for name, field in pairs(txn.http:req_get_headers()) do
        if not NOT_COPIED[name] then headers[name] = values_of(field) end
    end
    headers["x-forwarded-method"] = { txn.f:method() }
    headers["x-forwarded-uri"] = { txn.f:pathq() }

    local answer = core.httpclient():get({ url = url, headers = headers, timeout = 5000 })
    if not answer or answer.status == 0 then
        return refuse(txn, 503, {}, "")
    end
    if answer.status ~= 200 then
        return refuse(txn, answer.status, answer.headers, answer.body)
    end
    for _, name in ipairs(IDENTITY) do
        local field = answer.headers[name]
        txn.http:req_set_header(name, field and field[0] or "")
    end
end, 1)
