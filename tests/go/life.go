// life runs the whole life of Exchange connectors with the Graph SDK for Go, unmodified, once against v1.0
// and once against beta:
//
//	life ORIGIN TENANT CLIENT_ID CLIENT_SECRET
//
// The SDK is that of v1.0: the one of beta, msgraph-beta-sdk-go, is too large for Go's module proxy and is
// not offered there. Its base URL set to .../beta is the nearest that is to be had, and exchangeConnectors
// the one set that both versions have. Of the SDK the package devicemanagement is used over the adapter of
// its core: the client of all of Graph would take many minutes to compile for the same requests.
//
// ORIGIN is https, trusted by SSL_CERT_FILE. The environment variable WIRE says which version of HTTP every
// request has to be sent by, "h2" or "http/1.1" (for that one also GODEBUG=http2client=0). The tenant must
// be one that nobody else uses. Exits 0, or 1 and says what was expected.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	authentication "github.com/microsoft/kiota-authentication-azure-go"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/devicemanagement"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

type connector = models.DeviceManagementExchangeConnectorable

var names = []string{"Größe 1", "O'Neil & 2", "Größe 3", "plain+4", "Größe 5"}

func main() {
	origin, tenant, clientID, clientSecret := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	adapter := logIn(origin, tenant, clientID, clientSecret)
	for _, version := range []string{"v1.0", "beta"} {
		adapter.SetBaseUrl(origin + "/" + version)
		lives(tracing(os.Getenv("WIRE")), adapter)
	}
}

func logIn(origin, tenant, clientID, clientSecret string) *core.GraphRequestAdapterBase {
	options := azidentity.ClientSecretCredentialOptions{DisableInstanceDiscovery: true}
	options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: origin}
	options.Transport = http.DefaultClient // its own one speaks HTTP/2 whatever GODEBUG says
	credential := must(azidentity.NewClientSecretCredential(tenant, clientID, clientSecret, &options))
	scopes := []string{"https://graph.microsoft.com/.default"}
	hosts := []string{must(url.Parse(origin)).Hostname()}
	provider := must(authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		credential, scopes, hosts))

	// What the client of all of Graph does when it is made.
	abstractions.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory {
		return jsonserialization.NewJsonSerializationWriterFactory()
	})
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory {
		return jsonserialization.NewJsonParseNodeFactory()
	})
	return must(core.NewGraphRequestAdapterBase(provider, core.GraphClientOptions{}))
}

// tracing gives a context in which every request has to be sent by this version of HTTP.
func tracing(wire string) context.Context {
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			spoken := info.Conn.(*tls.Conn).ConnectionState().NegotiatedProtocol
			if spoken == "" { // without HTTP/2, Go offers nothing to choose from
				spoken = "http/1.1"
			}
			expect(spoken == wire, "expected %s, but the connection speaks %s", wire, spoken)
		},
	})
}

func lives(ctx context.Context, adapter *core.GraphRequestAdapterBase) {
	set := devicemanagement.NewDeviceManagementRequestBuilderInternal(
		map[string]string{"baseurl": adapter.GetBaseUrl()}, adapter).ExchangeConnectors()

	made := []connector{}
	for n, name := range names {
		made = append(made, must(set.Post(ctx, entity(name, n%2 == 0), nil)))
	}
	first := set.ByDeviceManagementExchangeConnectorId(*made[0].GetId())
	read := must(first.Get(ctx, nil))
	expect(*read.GetServerName() == names[0] && *read.GetVersion() == "5.0", "read %s", *read.GetServerName())

	expect(same(texts(paged(ctx, adapter, set, 2)), names...), "pages")
	expect(same(texts(filtered(ctx, set, "status eq 'disconnected'")), "O'Neil & 2", "plain+4"), "status")
	expect(same(texts(filtered(ctx, set, "serverName eq 'O''Neil & 2'")), "O'Neil & 2"), "a quote")
	expect(same(texts(filtered(ctx, set, "serverName eq 'plain+4'")), "plain+4"), "a plus")
	expect(same(texts(filtered(ctx, set, "startswith(serverName,'Größe')")), "Größe 1", "Größe 3", "Größe 5"),
		"startswith")

	changed := must(first.Patch(ctx, status(false), nil))
	expect(*changed.GetStatus() == models.DISCONNECTED_DEVICEMANAGEMENTEXCHANGECONNECTORSTATUS, "changed")
	expect(*must(first.Get(ctx, nil)).GetServerName() == names[0], "what was not changed")

	sync := devicemanagement.NewExchangeConnectorsItemSyncPostRequestBody()
	full := models.FULLSYNC_DEVICEMANAGEMENTEXCHANGECONNECTORSYNCTYPE
	sync.SetSyncType(&full)
	expectNone(first.Sync().Post(ctx, sync, nil))
	synced := must(first.Get(ctx, nil)).GetLastSyncDateTime()
	expect(time.Since(*synced).Abs() < 10*time.Minute, "synced at %s", synced)

	batched(ctx, adapter, set)

	for _, each := range must(set.Get(ctx, nil)).GetValue() {
		expectNone(set.ByDeviceManagementExchangeConnectorId(*each.GetId()).Delete(ctx, nil))
	}
	gone(ctx, set, *made[0].GetId())
	expect(len(must(set.Get(ctx, nil)).GetValue()) == 0, "deleted")
}

// batched makes two in a batch, and changes one and deletes the other in the next.
func batched(ctx context.Context, adapter *core.GraphRequestAdapterBase,
	set *devicemanagement.ExchangeConnectorsRequestBuilder) {
	batch := core.NewBatchRequest(adapter)
	items := []core.BatchItem{}
	for _, name := range []string{"Batch 1", "Batch 2"} {
		request := must(set.ToPostRequestInformation(ctx, entity(name, true), nil))
		items = append(items, must(batch.AddBatchRequestStep(*request)))
	}
	reply := must(batch.Send(ctx, adapter))
	ids := []string{}
	for n, item := range items {
		made := must(core.GetBatchResponseById[connector](reply, *item.GetId(),
			models.CreateDeviceManagementExchangeConnectorFromDiscriminatorValue))
		expect(*made.GetServerName() == fmt.Sprintf("Batch %d", n+1), "batched %s", *made.GetServerName())
		ids = append(ids, *made.GetId())
	}

	batch = core.NewBatchRequest(adapter)
	first := set.ByDeviceManagementExchangeConnectorId(ids[0])
	second := set.ByDeviceManagementExchangeConnectorId(ids[1])
	change := must(batch.AddBatchRequestStep(*must(first.ToPatchRequestInformation(ctx, status(false), nil))))
	remove := must(batch.AddBatchRequestStep(*must(second.ToDeleteRequestInformation(ctx, nil))))
	remove.DependsOnItem(change)
	statuses := must(batch.Send(ctx, adapter)).GetStatusCodes()
	expect(statuses[*change.GetId()] == 200 && statuses[*remove.GetId()] == 204, "statuses %v", statuses)
	left := filtered(ctx, set, "startswith(serverName,'Batch')")
	expect(same(texts(left), "Batch 1"), "left %v", texts(left))
	expect(*left[0].GetStatus() == models.DISCONNECTED_DEVICEMANAGEMENTEXCHANGECONNECTORSTATUS, "changed in a batch")
}

// gone reads what was deleted; the refusal has to come as the SDK's own type of error.
func gone(ctx context.Context, set *devicemanagement.ExchangeConnectorsRequestBuilder, id string) {
	_, err := set.ByDeviceManagementExchangeConnectorId(id).Get(ctx, nil)
	var told *odataerrors.ODataError
	expect(errors.As(err, &told), "no ODataError: %v", err)
	expect(told.ResponseStatusCode == 404, "status %d", told.ResponseStatusCode)
	expect(*told.GetErrorEscaped().GetCode() == "ResourceNotFound", "code %s", *told.GetErrorEscaped().GetCode())
	expect(strings.Contains(*told.GetErrorEscaped().GetMessage(), id), "message %v", told)
	expect(len(*told.GetErrorEscaped().GetInnerError().GetRequestId()) == 36, "request-id")
}

func paged(ctx context.Context, adapter *core.GraphRequestAdapterBase,
	set *devicemanagement.ExchangeConnectorsRequestBuilder, size int32) []connector {
	first := must(set.Get(ctx, &devicemanagement.ExchangeConnectorsRequestBuilderGetRequestConfiguration{
		QueryParameters: &devicemanagement.ExchangeConnectorsRequestBuilderGetQueryParameters{Top: &size}}))
	expect(len(first.GetValue()) == int(size), "a page of %d", len(first.GetValue()))
	iterator := must(core.NewPageIterator[connector](first, adapter,
		models.CreateDeviceManagementExchangeConnectorCollectionResponseFromDiscriminatorValue))
	all := []connector{}
	expectNone(iterator.Iterate(ctx, func(each connector) bool {
		all = append(all, each)
		return true
	}))
	return all
}

func filtered(ctx context.Context, set *devicemanagement.ExchangeConnectorsRequestBuilder, filter string) []connector {
	return must(set.Get(ctx, &devicemanagement.ExchangeConnectorsRequestBuilderGetRequestConfiguration{
		QueryParameters: &devicemanagement.ExchangeConnectorsRequestBuilderGetQueryParameters{Filter: &filter},
	})).GetValue()
}

func entity(name string, connected bool) connector {
	version := "5.0"
	made := status(connected)
	made.SetServerName(&name)
	made.SetVersion(&version)
	return made
}

func status(connected bool) connector {
	value := models.DISCONNECTED_DEVICEMANAGEMENTEXCHANGECONNECTORSTATUS
	if connected {
		value = models.CONNECTED_DEVICEMANAGEMENTEXCHANGECONNECTORSTATUS
	}
	made := models.NewDeviceManagementExchangeConnector()
	made.SetStatus(&value)
	return made
}

func texts(connectors []connector) []string {
	found := []string{}
	for _, each := range connectors {
		found = append(found, *each.GetServerName())
	}
	return found
}

func same(found []string, expected ...string) bool {
	slices.Sort(found)
	return slices.Equal(found, slices.Sorted(slices.Values(expected)))
}

func must[T any](value T, err error) T {
	expectNone(err)
	return value
}

func expectNone(err error) {
	var told *odataerrors.ODataError
	if errors.As(err, &told) && told.GetErrorEscaped() != nil {
		expect(false, "%d %s", told.ResponseStatusCode, *told.GetErrorEscaped().GetMessage())
	}
	expect(err == nil, "%v", err)
}

func expect(holds bool, format string, arguments ...any) {
	if !holds {
		panic(fmt.Sprintf(format, arguments...))
	}
}
